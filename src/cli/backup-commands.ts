import { type Config, loadConfig } from '../config.ts'
import { StartError } from '../errors.ts'
import { createCommandLog } from '../log.ts'
import { backUp, restore } from '../store/backup/backup.ts'
import { sizeInWords } from './disk-forecast.ts'
import { onlyArgument } from './file-commands.ts'
import type { Run } from './run.ts'

const write = (line: string) => {
  process.stdout.write(`${line}\n`)
}

export const backupCommand: Run = async (args, env) => {
  const file = onlyArgument(args, 'FILE', 'backup')
  const place = embeddedPlace(loadConfig(env), 'pg_dump')
  const { header, rows, sha256, bytes } = await backUp(place, file)
  write(`${file}: ${rows} rows in ${header.tables.length} tables as of ${header.madeAt}, ${sizeInWords(bytes)}.`)
  write(`Read back whole, SHA-256 of its content ${sha256}.`)
  return 0
}

export const restoreCommand: Run = async (args, env) => {
  const file = onlyArgument(args, 'FILE', 'restore')
  const place = embeddedPlace(loadConfig(env), 'pg_restore')
  const { header, rows } = await restore(place, file)
  write(`${place.dataDir}: ${rows} rows in ${header.tables.length} tables as of ${header.madeAt}.`)
  return 0
}

function embeddedPlace({ databaseUrl, dataDir }: Config, tool: string) {
  if (databaseUrl === null) return { dataDir, log: createCommandLog('cli') }
  throw new StartError(
    'database_not_ours',
    `DATABASE_URL names a server of your own: its ${tool} does this. Backup and restore are for the database that Contango brings.`
  )
}
