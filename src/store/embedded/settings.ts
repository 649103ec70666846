import { totalmem } from 'node:os'

export type ServerSettings = Readonly<Record<string, string>>

const MEGABYTE = 2 ** 20

/** What a load of time series on one machine wants, in one place. A file `extra.conf` beside it has the last word. */
export function serverSettings(port: number, extra: ServerSettings = {}): ServerSettings {
  // A container's limit counts, where there is one.
  const limit = process.constrainedMemory()
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem()
  const isRoomy = memory >= 2048 * MEGABYTE
  return {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // A path in DATA_DIR may be longer than a socket's name may be.
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    max_connections: '60',
    shared_buffers: isRoomy ? '256MB' : '64MB',
    effective_cache_size: `${Math.floor(memory / 2 / MEGABYTE)}MB`,
    work_mem: isRoomy ? '16MB' : '4MB',
    maintenance_work_mem: isRoomy ? '128MB' : '32MB',
    wal_compression: 'on',
    max_wal_size: '2GB',
    min_wal_size: '80MB',
    checkpoint_timeout: '15min',
    checkpoint_completion_target: '0.9',
    random_page_cost: '1.1',
    jit: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_destination: 'stderr',
    log_line_prefix: '%m [%p] ',
    log_checkpoints: 'off',
    ...extra
  }
}

/** The text of `postgresql.conf`. */
export function settingsText(settings: ServerSettings): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`)
  return [
    "# Written by Contango at every start. Your own settings belong in 'extra.conf' beside this file.",
    ...lines,
    "include_if_exists 'extra.conf'",
    ''
  ].join('\n')
}
