import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import { canonicalVenue } from '../domain/instrument.ts'
import { InvalidInputError, messageOf } from '../errors.ts'
import { type Recording, replay } from '../venues/recorded.ts'
import { findAdapter } from '../venues/registry.ts'
import type { CcxtMarket, Skipped, VenueAdapter } from '../venues/venue.ts'
import { READERS } from './normalise-rows.ts'

type Outcome = { readonly rows: readonly object[]; readonly skipped: readonly Skipped[]; readonly error: string | null }
type Markets = Readonly<Record<string, CcxtMarket>>

const FIXTURES = 'response-fixtures.json'

/** `contango normalise DIR`: every recorded body read as the service would read it, one JSON line each. */
export async function runNormalise(
  dir: string,
  write: (line: string) => void,
  clock: Clock = systemClock
): Promise<number> {
  const venues = await readFixtures(join(dir, FIXTURES))
  for (const [venue, fixtures] of venues) {
    const adapter = findAdapter(canonicalVenue(venue))
    const markets = adapter === undefined ? undefined : await readMarkets(join(dir, 'markets', `${venue}.json`))
    for (const [index, fixture] of fixtures.entries()) {
      const method = isRecord(fixture) && typeof fixture['method'] === 'string' ? fixture['method'] : null
      const outcome = await readFixture(venue, adapter, markets, fixture, clock.now())
      write(JSON.stringify({ venue, method, index, ...outcome }))
    }
  }
  return 0
}

async function readFixture(
  venue: string,
  adapter: VenueAdapter | undefined,
  markets: Markets | Error | undefined,
  fixture: unknown,
  observedAt: number
): Promise<Outcome> {
  if (!adapter) return skipAll('unsupported_venue')
  const recording = recordingOf(fixture)
  if (!recording) return failed('Error', 'expected a fixture with method, input and httpResponse')
  const read = Object.hasOwn(READERS, recording.method) ? READERS[recording.method] : undefined
  if (!read) return skipAll('unsupported_method')
  if (!markets || markets instanceof Error) return failed('Error', messageOf(markets))
  try {
    const { answer, exchange } = await replay(venue, adapter, markets, recording)
    const { rows, skipped } = read(answer, { adapter, exchange, observedAt })
    return { rows, skipped, error: null }
  } catch (error) {
    const name = error instanceof Error ? error.constructor.name : 'Error'
    return failed(name, messageOf(error))
  }
}

const skipAll = (reason: string): Outcome => ({ rows: [], skipped: [{ symbol: null, reason }], error: null })
const failed = (name: string, message: string): Outcome => ({
  rows: [],
  skipped: [],
  error: `${name}: ${message.slice(0, 500)}`
})

function recordingOf(fixture: unknown): Recording | undefined {
  if (!isRecord(fixture) || typeof fixture['method'] !== 'string' || !('httpResponse' in fixture)) return undefined
  const input = Array.isArray(fixture['input']) ? fixture['input'] : []
  return { method: fixture['method'], input, body: fixture['httpResponse'] }
}

async function readFixtures(path: string): Promise<[string, unknown[]][]> {
  const text = await readText(path)
  const plain = parse(path, text)
  const exact = parse(path, text, keepNumbers)
  if (!isRecord(plain)) throw unusable(path, 'expected a JSON object of venues')
  return Object.entries(plain).map(([venue, fixtures]) => {
    if (!/^[a-z0-9]{1,40}$/.test(venue)) throw unusable(path, `${JSON.stringify(venue)} is not a venue id`)
    if (!Array.isArray(fixtures)) throw unusable(path, `expected a list of fixtures under ${JSON.stringify(venue)}`)
    const bodies = (exact as Record<string, unknown[]>)[venue]!
    return [venue, fixtures.map((fixture, index) => withExactBody(fixture, bodies[index]))]
  })
}

function withExactBody(fixture: unknown, exact: unknown): unknown {
  if (!isRecord(fixture) || !isRecord(exact) || !('httpResponse' in exact)) return fixture
  return { ...fixture, httpResponse: exact['httpResponse'] }
}

/** Numbers as texts where ccxt itself quotes them before it parses an answer, so that none is rounded. */
function keepNumbers(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' && !Array.isArray(this) ? (context?.source ?? value) : value
}

/** A venue without readable markets fails fixture by fixture; the others go on. */
async function readMarkets(path: string): Promise<Markets | Error> {
  try {
    const markets = parse(path, await readText(path))
    return isRecord(markets) ? (markets as Markets) : unusable(path, 'expected a JSON object of markets')
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error))
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw unusable(path, isMissing ? 'there is no such file' : `cannot be read: ${messageOf(error)}`)
  }
}

function parse(path: string, text: string, reviver?: typeof keepNumbers): unknown {
  try {
    return JSON.parse(text, reviver)
  } catch (error) {
    throw unusable(path, `is not JSON: ${messageOf(error)}`)
  }
}

function unusable(path: string, message: string): InvalidInputError {
  return new InvalidInputError([{ path, message }], 'invalid_file')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
