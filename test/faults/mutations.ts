import assert from 'node:assert/strict'
import fc from 'fast-check'
import { DAY } from '../../src/domain/time.ts'
import type { Listing } from '../../src/venues/listing.ts'
import { isSkipped, listingOf } from '../../src/venues/normalise.ts'
import { type DeclaredInterval, emptyReading, type Reading, VenueError } from '../../src/venues/venue.ts'
import { type Body, type Recorded, replay } from './recordings.ts'

/** A place in a body and what is done there; numbers pick among what there is, so that every mutation fits every body. */
export type Mutation = { readonly place: number; readonly depth: number; readonly kind: string; readonly value: Body }

export const JUNK: readonly Body[] = [
  ...['', ' ', 'NaN', '-Infinity', 'null', 'abc', '1e400', '1e-400', '-0', '-1', '0', '0x10', '1,5', '1_000', '٣'],
  ...['__proto__', 'constructor', '\u0000', '\u202e', 'x'.repeat(10_000), '1795392491', '4102444800000'],
  ...[null, 0, -1, 1e308, 5e-324, true, [], {}, [null], { a: 1 }, 1_795_392_491, 2 ** 53]
]

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  place: fc.nat(1_000_000),
  depth: fc.nat(6),
  kind: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'wrap', 'duplicate', 'swap', 'empty', 'add'),
  value: fc.oneof(fc.constantFrom(...JUNK), fc.jsonValue({ maxDepth: 1 }))
})

/** Does one mutation somewhere below `body`; the root itself may go as well. */
export function mutate(body: Body, { place, depth, kind, value }: Mutation): Body {
  const isNested = typeof body === 'object' && body !== null && Object.keys(body).length > 0
  if (!isNested || depth === 0) return kind === 'wrap' ? [body] : kind === 'empty' ? emptied(body) : value
  const keys = Object.keys(body)
  const key = keys[place % keys.length]!
  const deeper = typeof body[key] === 'object' && body[key] !== null && depth > 1
  if (deeper)
    return withKey(
      body,
      key,
      mutate(body[key], { place: Math.floor(place / keys.length), depth: depth - 1, kind, value })
    )
  if (kind === 'remove') return without(body, key)
  if (kind === 'wrap') return withKey(body, key, [body[key]])
  if (kind === 'empty') return withKey(body, key, emptied(body[key]))
  if (kind === 'swap') return withKey(body, key, body[keys[(place + 1) % keys.length]!])
  if (kind === 'duplicate')
    return Array.isArray(body) ? [...body, body[key as unknown as number]] : { ...body, [`${key}2`]: body[key] }
  if (kind === 'add') return Array.isArray(body) ? [...body, value] : { ...body, unheard_of: value }
  return withKey(body, key, value)
}

function emptied(value: Body): Body {
  if (Array.isArray(value)) return []
  return typeof value === 'object' && value !== null ? {} : ''
}

function withKey(body: Body, key: string, value: Body): Body {
  if (Array.isArray(body)) return body.map((item, index) => (String(index) === key ? value : item))
  return { ...body, [key]: value }
}

function without(body: Body, key: string): Body {
  if (Array.isArray(body)) return body.filter((_item, index) => String(index) !== key)
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== key))
}

/** How one mutated answer was taken: with rows, or refused with a reason by ccxt. Anything else fails the test. */
export async function takeMutated(
  recorded: Recorded,
  mutations: readonly Mutation[],
  nowMs: number
): Promise<'rows' | 'refused'> {
  let answer: Body
  try {
    answer = await replay(recorded, (body) => mutations.reduce(mutate, body))
  } catch {
    // ccxt's refusal, of whatever class, becomes the venue's reason in `runCall`.
    return 'refused'
  }
  if (recorded.call === 'markets') return takeMarkets(recorded, answer, nowMs)
  // As in `sweep.ts`: nothing at all is a failure of the call.
  if (typeof answer !== 'object' || answer === null) return 'refused'
  if (Object.keys(answer).length === 0 && !recorded.call.mayBeEmpty) return 'refused'
  const reading = emptyReading()
  const intervals = new Map<string, DeclaredInterval>()
  try {
    recorded.call.read(answer, { reading, observedAt: nowMs, exchange: recorded.exchange, intervals })
  } catch (error) {
    if (error instanceof VenueError) return 'refused'
    throw error
  }
  assertReading(reading, recorded, nowMs)
  for (const { hours } of intervals.values()) assert.ok(hours > 0 && hours <= 744, `declared interval ${hours}`)
  return intervals.size > 0 || Object.values(reading).some((rows) => rows.length > 0) ? 'rows' : 'refused'
}

function takeMarkets({ name }: Recorded, markets: Body, nowMs: number): 'rows' | 'refused' {
  const read = Object.values<Body>(markets ?? {}).map((market) => listingOf(name.split(' ')[0]!, market, nowMs))
  for (const listing of read) {
    if (isSkipped(listing)) assert.equal(typeof listing.reason, 'string')
    else assertListing(listing, nowMs)
  }
  return read.length > 0 ? 'rows' : 'refused'
}

function assertListing(listing: Listing, nowMs: number): void {
  const { contractSize, expiresAt, listedAt, key } = listing
  assert.ok(typeof key === 'string' && key.length < 200, key)
  if (contractSize !== null) assertPositive(contractSize, 'contractSize')
  if (expiresAt !== null)
    assert.ok(Number.isFinite(expiresAt) && expiresAt > Date.UTC(2010, 0, 1), `expires ${expiresAt}`)
  assertTime(listedAt, nowMs, 'listedAt')
}

function assertReading(reading: Reading, { exchange }: Recorded, nowMs: number): void {
  const { quotes, lasts, marks, estimates, openInterest, volumes, skipped } = reading
  for (const row of [...quotes, ...lasts, ...marks, ...estimates, ...openInterest, ...volumes]) {
    assert.ok(typeof row.symbol === 'string' || row.symbol === undefined, `symbol ${row.symbol}`)
    assert.equal(row.observedAt, nowMs)
    assertTime(row.venueTime, nowMs, 'venueTime')
  }
  for (const row of quotes)
    for (const field of ['bid', 'ask', 'bidSize', 'askSize'] as const) assertPrice(row[field], field)
  for (const row of lasts) assertPositive(row.last, 'last')
  for (const row of marks) for (const field of ['mark', 'index'] as const) assertPrice(row[field], field)
  for (const { rate, cap, floor, intervalHours, nextSettlementAt } of estimates) {
    for (const value of [rate, cap, floor]) if (value !== null) assertNumber(value, 1, 'rate')
    assert.ok(intervalHours === null || (intervalHours > 0 && intervalHours <= 744), `interval ${intervalHours}`)
    assertTime(nextSettlementAt, nowMs, 'nextSettlementAt')
  }
  for (const { base, quote, usd } of openInterest)
    for (const value of [base, quote, usd]) if (value !== null) assertSize(value, 'open interest')
  for (const { volume24hUsd } of volumes) assertSize(volume24hUsd, 'volume')
  for (const { reason } of skipped) assert.match(reason, /^[a-z_]+$/)
  assert.equal(({} as Body).a, undefined, `${exchange.id} polluted every object`)
}

const DECIMAL = /^-?\d+(\.\d+)?$/

function assertNumber(value: string, largest: number, what: string): void {
  assert.ok(typeof value === 'string' && DECIMAL.test(value), `${what} ${JSON.stringify(value)} is not a decimal`)
  assert.ok(Math.abs(Number(value)) <= largest, `${what} ${value}`)
}
function assertPositive(value: string, what: string): void {
  assertNumber(value, 1e21, what)
  assert.ok(Number(value) > 0, `${what} ${value}`)
}
function assertPrice(value: string | null, what: string): void {
  if (value !== null) assertPositive(value, what)
}
function assertSize(value: string, what: string): void {
  assertNumber(value, 1e33, what)
  assert.ok(Number(value) >= 0, `${what} ${value}`)
}
function assertTime(value: number | null, nowMs: number, what: string): void {
  const isTime = value === null || (Number.isInteger(value) && value >= Date.UTC(2010, 0, 1) && value <= nowMs + DAY)
  assert.ok(isTime, `${what} ${value}`)
}

/** The symbols of which a call said something else than it does when one figure of one row is broken. */
export async function changedSymbols(recorded: Recorded, place: number, value: Body, nowMs: number): Promise<string[]> {
  const before = await readingOf(recorded, (body) => body, nowMs)
  // One answer of several to one call.
  let isBroken = false
  const broken = (body: Body) => {
    const result = isBroken ? body : leafInRow(body, place, value)
    isBroken = true
    return result
  }
  const after = await readingOf(recorded, broken, nowMs)
  return [...before.keys()].filter((symbol) => before.get(symbol) !== after.get(symbol))
}

async function readingOf(
  recorded: Recorded,
  change: (body: Body) => Body,
  nowMs: number
): Promise<Map<string, string>> {
  const reading = emptyReading()
  if (recorded.call === 'markets') return new Map()
  const answer = await replay(recorded, change)
  recorded.call.read(answer, { reading, observedAt: nowMs, exchange: recorded.exchange, intervals: new Map() })
  const said = new Map<string, string>()
  for (const [fact, rows] of Object.entries(reading)) {
    if (fact === 'skipped') continue
    for (const row of rows)
      said.set(String(row.symbol), `${said.get(String(row.symbol)) ?? ''} ${fact} ${JSON.stringify(row)}`)
  }
  return said
}

/** Puts a value in the place of one figure or text of one row of some list, and touches nothing else. */
export function leafInRow(body: Body, place: number, value: Body): Body {
  const rows = rowsOf(body, [])
  const leaves = rows.flatMap((row) => leavesOf(row.value, row.path))
  const path = leaves[place % leaves.length]
  return path === undefined ? body : withPath(body, path, value)
}

type Place = readonly string[]

function rowsOf(body: Body, path: Place): { value: Body; path: Place }[] {
  if (typeof body !== 'object' || body === null) return []
  const entries = Object.entries(body)
  const isList = entries.length > 2 && entries.every(([, item]) => typeof item === 'object' && item !== null)
  if (isList) return entries.map(([key, value]) => ({ value, path: [...path, key] }))
  return entries.flatMap(([key, item]) => rowsOf(item, [...path, key]))
}

function leavesOf(value: Body, path: Place): Place[] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...path, key]))
}

function withPath(body: Body, [key, ...rest]: Place, value: Body): Body {
  return key === undefined ? value : withKey(body, key, withPath(body[key], rest, value))
}
