import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import { type Config, loadConfig } from '../config.ts'
import { type InstrumentName, parseInstrumentKey } from '../domain/instrument.ts'
import { InvalidInputError, messageOf } from '../errors.ts'
import { openClient } from '../venues/ccxt-client.ts'
import { type Fixture, marketsOf, type RecordOutcome, recordVenue } from '../venues/record.ts'
import { ADAPTERS, findAdapter } from '../venues/registry.ts'
import type { CcxtMarket, VenueAdapter } from '../venues/venue.ts'
import { RECORD_USAGE, type RecordOptions, readRecordOptions } from './record-arguments.ts'
import type { Run } from './run.ts'

const FIXTURES = 'response-fixtures.json'
/** A venue's list of markets is its largest answer. */
const BYTES_MAX = 100e6

type Recorded = ReadonlyMap<
  string,
  { readonly fixtures: readonly Fixture[]; readonly markets: Record<string, CcxtMarket> }
>

export const recordCommand: Run = async (args, env) => {
  if (args.includes('--help')) {
    process.stdout.write(`${RECORD_USAGE}\n`)
    return 0
  }
  const known = ADAPTERS.map(({ id }) => id)
  const config = loadConfig(env, known)
  const write = (line: string) => void process.stdout.write(`${line}\n`)
  return await runRecord(readRecordOptions(args, known), config, write)
}

/** Records each venue in turn; exit code 0 when every venue gave something. */
export async function runRecord(
  { venues, instruments, out, isJson }: RecordOptions,
  config: Pick<Config, 'venueUrls' | 'callTimeoutMs'>,
  write: (line: string) => void,
  { clock = systemClock, throttled = true }: { readonly clock?: Clock; readonly throttled?: boolean } = {}
): Promise<number> {
  let isWhole = true
  for (const venue of venues) {
    const tell = (outcome: RecordOutcome) => write(isJson ? jsonOf(venue, outcome) : lineOf(venue, outcome))
    const wanted = instruments.filter((name) => name.venue === venue)
    try {
      const recorded = await record(findAdapter(venue)!, wanted, { config, clock, throttled, tell })
      const count = [...recorded.values()].reduce((sum, { fixtures }) => sum + fixtures.length, 0)
      await save(out, recorded)
      if (!isJson) write(`${venue}: ${count} answers in ${join(out, FIXTURES)}`)
      isWhole &&= count > 0
    } catch (error) {
      write(isJson ? JSON.stringify({ venue, failure: messageOf(error) }) : `${venue}: ${messageOf(error)}`)
      isWhole = false
    }
  }
  return isWhole ? 0 : 1
}

type RecordDeps = {
  readonly config: Pick<Config, 'venueUrls' | 'callTimeoutMs'>
  readonly clock: Clock
  /** False lifts ccxt's own spacing of requests: only where the venue is ours. */
  readonly throttled: boolean
  readonly tell: (outcome: RecordOutcome) => void
}

async function record(
  adapter: VenueAdapter,
  wanted: readonly InstrumentName[],
  { config, clock, throttled, tell }: RecordDeps
): Promise<Recorded> {
  const bodies: string[] = []
  const client = await openClient(adapter, {
    clock,
    timeoutMs: config.callTimeoutMs,
    maxBytes: BYTES_MAX,
    urls: config.venueUrls[adapter.id],
    throttled,
    heard: (text) => void bodies.push(text)
  })
  try {
    const listed = await client.loadMarkets()
    const instruments = wanted.length > 0 ? wanted : usual(adapter.id, listed)
    const recorded = new Map(
      marketsOf(adapter, client).map(([ccxtId, markets]) => [ccxtId, { fixtures: [] as Fixture[], markets }])
    )
    for await (const outcome of recordVenue(adapter, client, bodies, { instruments, nowMs: clock.now() })) {
      tell(outcome)
      if (outcome.fixture !== null) recorded.get(outcome.ccxtId)!.fixtures.push(outcome.fixture)
    }
    return recorded
  } finally {
    await client.close()
  }
}

/** Of the venue's bitcoin markets the first perpetual of each kind, and the first coin. */
function usual(venue: string, markets: readonly CcxtMarket[]): InstrumentName[] {
  const of = (isWanted: (market: CcxtMarket) => boolean) =>
    ['USDT', 'USDC', 'USD']
      .flatMap((quote) =>
        markets.filter(({ base, quote: priced, active }) => base === 'BTC' && priced === quote && active !== false)
      )
      .find(isWanted)
  const found = [
    of(({ spot }) => spot),
    of(({ swap, linear }) => swap && linear),
    of(({ swap, inverse }) => swap && inverse)
  ]
  return found.flatMap((market) => (market ? (parseInstrumentKey(`${venue}:${market.symbol}`) ?? []) : []))
}

/** Writes what was recorded beside what other venues have there; a file is replaced whole. */
async function save(out: string, recorded: Recorded): Promise<void> {
  await mkdir(join(out, 'markets'), { recursive: true })
  const path = join(out, FIXTURES)
  const parts = new Map(await partsOf(path))
  for (const [ccxtId, { fixtures, markets }] of recorded) {
    parts.set(ccxtId, `[\n${fixtures.map(textOf).join(',\n')}\n]`)
    await replace(join(out, 'markets', `${ccxtId}.json`), JSON.stringify(markets))
  }
  const lines = [...parts].map(([ccxtId, text]) => `${JSON.stringify(ccxtId)}: ${text}`)
  await replace(path, `{\n${lines.join(',\n')}\n}\n`)
}

/** The body stays as it came: written anew, its numbers would lose their zeros and their last digits. */
function textOf({ httpResponse, ...fixture }: Fixture): string {
  return `${JSON.stringify(fixture).slice(0, -1)},"httpResponse":${httpResponse.trim()}}`
}

/** Text that stands for itself when it is written; the types do not know it yet. */
const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown }

/** What a file of fixtures holds, venue by venue, as text. */
async function partsOf(path: string): Promise<[string, string][]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  try {
    // The source of each number is kept, as above.
    const raw = JSON.parse(text, (_key, value, context?: { readonly source?: string }) =>
      typeof value === 'number' ? rawJson(context?.source ?? String(value)) : value
    ) as Record<string, unknown>
    return Object.entries(raw).map(([ccxtId, fixtures]) => [ccxtId, JSON.stringify(fixtures)])
  } catch (error) {
    throw new InvalidInputError([{ path, message: `is no file of fixtures: ${messageOf(error)}` }], 'invalid_file')
  }
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

const lineOf = (venue: string, { description, fixture, failure }: RecordOutcome) =>
  `${venue}  ${fixture === null ? `not kept: ${failure}` : `${fixture.httpResponse.length} bytes`}  ${description}`

const jsonOf = (venue: string, { ccxtId, description, fixture, failure }: RecordOutcome) =>
  JSON.stringify({
    venue,
    ccxtId,
    description,
    method: fixture?.method ?? null,
    bytes: fixture?.httpResponse.length ?? null,
    failure
  })
