import { parseArgs } from 'node:util'
import { InvalidInputError, messageOf } from '../errors.ts'

export const LISTEN_USAGE = `contango listen [--port N] --secret whsec_… [--json]
contango listen [--port N] --create [--events signal.opened,…] [--filter asset=BTC,…] [--json]

Receives webhooks on this machine, verifies each with the library of Standard Webhooks, and prints a line for it.
--create subscribes at a running service, and ends the subscription when it stops:
  --service URL   where it is; else CONTANGO_URL, else http://HOST:PORT of the settings
  --key ctg_…     a key with the scope webhooks; else CONTANGO_KEY
A service lets webhooks go to this machine only with WEBHOOK_PRIVATE_TARGETS=allow; the demo does.`

export type ListenOptions = {
  readonly port: number
  readonly isJson: boolean
  /** What to verify with; null: subscribe, and take the secret that the service gives. */
  readonly secret: string | null
  readonly events: readonly string[] | null
  readonly filter: Readonly<Record<string, readonly string[]>>
  readonly service: string
  readonly key: string | null
}

type Env = Readonly<Record<string, string | undefined>>

/** Reads what follows `contango listen`; throws one error that names every problem. */
export function readListenOptions(args: readonly string[], env: Env): ListenOptions {
  const given = parse(args)
  const problems: { path: string; message: string }[] = []
  const refuse = (path: string, message: string) => problems.push({ path, message })
  const port = Number(given.port ?? 0)
  if (!/^\d{1,5}$/.test(given.port ?? '0') || port > 65_535)
    refuse('--port', 'expected a port from 0 (any free one) to 65535')
  const isCreating = given.create === true
  if (isCreating === (given.secret !== undefined)) refuse('listen', 'expected either --secret or --create')
  if (given.secret !== undefined && !/^whsec_[A-Za-z0-9+/]{20,}={0,2}$/.test(given.secret)) {
    refuse('--secret', 'expected whsec_ and its base64, as the service showed it once')
  }
  const key = given.key ?? env.CONTANGO_KEY ?? null
  if (isCreating && !key)
    refuse('--key', 'missing; --create needs a key with the scope webhooks, here or in CONTANGO_KEY')
  for (const name of ['events', 'filter', 'service', 'key'] as const) {
    if (!isCreating && given[name] !== undefined) refuse(`--${name}`, 'only with --create')
  }
  const service = given.service ?? env.CONTANGO_URL ?? `http://${env.HOST || '127.0.0.1'}:${env.PORT || '8080'}`
  if (!/^https?:$/.test(URL.parse(service)?.protocol ?? ''))
    refuse('--service', 'expected a URL such as http://127.0.0.1:8080')
  if (problems.length > 0) throw new InvalidInputError(problems, 'invalid_arguments')
  return {
    port,
    isJson: given.json === true,
    secret: given.secret ?? null,
    events: given.events?.split(',') ?? null,
    filter: filterOf(given.filter),
    service: service.replace(/\/$/, ''),
    key
  }
}

/** `asset=BTC,asset=ETH,kind=future`: word and value, several of a word one after the other. */
function filterOf(text: string | undefined): Record<string, string[]> {
  const filter: Record<string, string[]> = {}
  for (const part of text?.split(',') ?? []) {
    const [word = '', value = ''] = part.split(/=(.*)/s)
    filter[word] = [...(filter[word] ?? []), value]
  }
  return filter
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = {
    port: text,
    secret: text,
    events: text,
    filter: text,
    service: text,
    key: text,
    create: flag,
    json: flag
  }
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new InvalidInputError(
      [{ path: 'listen', message: `${messageOf(error)}\n${LISTEN_USAGE}` }],
      'invalid_arguments'
    )
  }
}
