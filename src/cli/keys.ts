import type { Clock } from '../clock.ts'
import { suggestionFor } from '../contract/nearest.ts'
import { InvalidInputError } from '../errors.ts'
import type { Database } from '../store/database.ts'
import { type ApiKey, createKey, listKeys, revokeKey, SCOPES, type Scope } from '../store/keys.ts'

type KeysContext = {
  readonly db: Database
  readonly clock: Clock
  /** One line of output. */
  readonly write: (line: string) => void
}

export const KEYS_USAGE = `contango keys create --scope ${SCOPES.join(',')} [--name NAME] [--json]
contango keys list [--json]
contango keys revoke ID [--json]`

const ACTIONS = ['create', 'list', 'revoke']

/** What an action does once there is a database. */
type Action = (context: KeysContext) => Promise<void>

/** `contango keys …`: makes, shows and ends API keys. Throws InvalidInputError for arguments that cannot be used. */
export function readKeysArguments(args: readonly string[]): Action {
  const [action, ...rest] = args
  if (action === 'create') return create(rest)
  if (action === 'list') return list(rest)
  if (action === 'revoke') return revoke(rest)
  const was = action === undefined ? 'nothing was given' : `was ${action}${suggestionFor(action, ACTIONS)}`
  throw refused('keys', `expected create, list or revoke; ${was}\n${KEYS_USAGE}`)
}

function create(args: readonly string[]): Action {
  const { options, words } = readArguments(args, ['--scope', '--name'])
  if (words.length > 0) throw refused(words[0]!, 'not expected here')
  const scopes = scopesOf(options.get('--scope'))
  const name = options.get('--name') ?? null
  if (name !== null && name.length > 100) throw refused('--name', 'at most 100 characters')
  return async ({ db, write }) => {
    const { key, secret } = await createKey(db, { scopes, name })
    if (options.has('--json')) return write(JSON.stringify({ ...viewOf(key), key: secret }))
    write(secret)
    write(`  id ${key.id}, scope ${key.scopes.join(',')}${name === null ? '' : `, name ${name}`}`)
    write('  Shown this once; only a hash of it is kept. Send it as: Authorization: Bearer <key>')
  }
}

function list(args: readonly string[]): Action {
  const { options, words } = readArguments(args, [])
  if (words.length > 0) throw refused(words[0]!, 'not expected here')
  return async ({ db, write }) => {
    const keys = await listKeys(db)
    if (options.has('--json')) return write(JSON.stringify(keys.map(viewOf)))
    if (keys.length === 0) return write('No key yet. `contango keys create --scope read` makes one.')
    for (const key of keys) {
      const { id, prefix, last4, scopes, createdAt, lastUsedAt, revokedAt } = viewOf(key)
      const used = lastUsedAt === null ? 'never used' : `last used ${lastUsedAt}`
      const state = revokedAt === null ? used : `revoked ${revokedAt}`
      const line = `${id}  ${prefix}…${last4}  ${scopes.join(',')}  created ${createdAt}  ${state}  ${key.name ?? ''}`
      write(line.trimEnd())
    }
  }
}

function revoke(args: readonly string[]): Action {
  const { options, words } = readArguments(args, [])
  const [id, extra] = words
  if (id === undefined) throw refused('ID', 'missing; `contango keys list` shows the ids')
  if (extra !== undefined) throw refused(extra, 'not expected here')
  return async ({ db, clock, write }) => {
    const key = await revokeKey(db, id, clock.now())
    write(
      options.has('--json') ? JSON.stringify(viewOf(key)) : `Revoked ${key.id}; refused within 5 s by every server.`
    )
  }
}

function scopesOf(text: string | undefined): Scope[] {
  if (text === undefined) throw refused('--scope', `missing; expected any of ${SCOPES.join(', ')}, separated by commas`)
  const names = text.split(',').map((name) => name.trim())
  return names.map((name) => {
    const scope = SCOPES.find((known) => known === name)
    if (scope !== undefined) return scope
    throw refused('--scope', `${JSON.stringify(name)} is not one of ${SCOPES.join(', ')}${suggestionFor(name, SCOPES)}`)
  })
}

/** `--name value`, `--name=value` and `--json`; the rest are words. */
function readArguments(args: readonly string[], withValue: readonly string[]) {
  const options = new Map<string, string>()
  const words: string[] = []
  const left = [...args]
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    const [name = '', inline] = arg.split(/=(.*)/s)
    if (!name.startsWith('--')) {
      words.push(arg)
    } else if (name === '--json' && inline === undefined) {
      options.set(name, '')
    } else {
      if (!withValue.includes(name)) {
        throw refused(name, `unknown option${suggestionFor(name, [...withValue, '--json'])}`)
      }
      if (options.has(name)) throw refused(name, 'given twice')
      const value = inline ?? left.shift()
      if (value === undefined || value === '') throw refused(name, 'a value is missing')
      options.set(name, value)
    }
  }
  return { options, words }
}

function viewOf(key: ApiKey) {
  const isoOf = (atMs: number | null) => (atMs === null ? null : new Date(atMs).toISOString())
  const { id, name, prefix, last4, scopes } = key
  return {
    id,
    name,
    prefix,
    last4,
    scopes,
    createdAt: isoOf(key.createdAt),
    lastUsedAt: isoOf(key.lastUsedAt),
    revokedAt: isoOf(key.revokedAt)
  }
}

function refused(path: string, message: string): InvalidInputError {
  return new InvalidInputError([{ path, message }], 'invalid_arguments')
}
