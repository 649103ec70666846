import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runNormalise } from '../../src/cli/normalise.ts'
import { runRecord } from '../../src/cli/record.ts'
import { readRecordOptions } from '../../src/cli/record-arguments.ts'
import { systemClock } from '../../src/clock.ts'
import { InvalidInputError } from '../../src/errors.ts'
import { ADAPTERS } from '../../src/venues/registry.ts'
import { type Exchange, startExchange } from '../support/exchange.ts'

const VENUES = ADAPTERS.map(({ id }) => id)
let exchange: Exchange
let out: string
before(async () => {
  exchange = await startExchange(systemClock, 'every')
  out = await mkdtemp(join(tmpdir(), 'contango-record-'))
})
after(async () => {
  await exchange[Symbol.asyncDispose]()
  await rm(out, { recursive: true, force: true })
})

// biome-ignore lint/suspicious/noExplicitAny: lines of JSON, looked into below
type Any = any

async function record(args: readonly string[]): Promise<{ code: number; lines: Any[] }> {
  const lines: Any[] = []
  const config = { venueUrls: exchange.urls, callTimeoutMs: 10_000 }
  const options = readRecordOptions([...args, '--out', out, '--json'], VENUES)
  const code = await runRecord(options, config, (line) => void lines.push(JSON.parse(line)), { throttled: false })
  return { code, lines }
}

async function normalise(): Promise<Any[]> {
  const lines: Any[] = []
  await runNormalise(out, (line) => void lines.push(JSON.parse(line)))
  return lines
}

test('what is recorded of each venue is read back as the service reads it, with rows of every kind', async () => {
  const { code, lines } = await record(VENUES)
  assert.equal(code, 0, JSON.stringify(lines.filter(({ failure }) => failure)))
  const read = await normalise()
  assert.deepEqual(
    read.filter(({ error }) => error !== null),
    []
  )
  for (const { id, ccxtIds } of ADAPTERS) {
    const own = read.filter(({ venue }) => (ccxtIds as readonly string[]).includes(venue))
    const rows = own.flatMap((line) => line.rows)
    assert.ok(
      rows.some((row) => row.settledAt && row.rate !== null),
      `${id}: settlements`
    )
    assert.ok(
      rows.some((row) => row.bids?.length > 0 && row.asks?.length > 0),
      `${id}: books`
    )
    assert.ok(
      rows.some((row) => row.bid || row.last || row.mark),
      `${id}: prices`
    )
  }
})

test('a body stays as it came, digit by digit, and a venue recorded again leaves the others as they were', async () => {
  await record(['bybit'])
  const path = join(out, 'response-fixtures.json')
  const first = await readFile(path, 'utf8')
  await record(['okx', '--instrument', 'okx:ETH/USDT:USDT'])
  const second = await readFile(path, 'utf8')
  const exact = (text: string) =>
    JSON.parse(text, (_key, value, context?: { source?: string }) =>
      typeof value === 'number' ? `number ${context?.source}` : value
    )
  assert.deepEqual(exact(second).bybit, exact(first).bybit)
  assert.match(first, /:"?\d+\.\d*0"?[,}]/, 'a trailing zero survives')
  assert.ok(JSON.parse(second).okx.some(({ description }: Any) => description === 'book of ETH/USDT:USDT'))
})

test('a call that fails is said and the rest is kept; a venue that gives nothing is no success', async () => {
  exchange.fault = (venue, path) =>
    venue === 'bybit' && path.includes('funding/history') ? { kind: 'answer', status: 500, body: 'no' } : undefined
  const { code, lines } = await record(['bybit'])
  assert.equal(code, 0)
  assert.deepEqual(
    lines.filter(({ failure }) => failure).map(({ description }) => description.replace(/ of .*/, '')),
    ['settlements', 'settlements']
  )
  exchange.fault = () => ({ kind: 'answer', status: 403, body: 'no' })
  const closed = await record(['bybit'])
  assert.deepEqual([closed.code, closed.lines.length], [1, 1])
  exchange.fault = () => undefined
  await writeFile(join(out, 'response-fixtures.json'), '{')
  assert.equal((await record(['bybit'])).code, 1)
})

test('arguments that cannot be used are named', () => {
  for (const [args, path] of [
    [[], 'VENUE'],
    [['bibit'], 'bibit'],
    [['bybit', '--instrument', 'BTC'], '--instrument'],
    [['bybit', '--instrument', 'okx:BTC/USDT:USDT'], '--instrument'],
    [['bybit', '--nonsense'], 'record']
  ] as const) {
    assert.throws(
      () => readRecordOptions(args, VENUES),
      (error: InvalidInputError) => error instanceof InvalidInputError && error.problems[0]!.path === path
    )
  }
})
