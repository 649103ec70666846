import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBackfillArguments } from '../../src/cli/backfill-arguments.ts'
import { systemClock } from '../../src/clock.ts'
import { DAY, floorTo } from '../../src/domain/time.ts'
import { InvalidInputError } from '../../src/errors.ts'
import type { Database } from '../../src/store/database.ts'
import { testDatabase } from '../support/database.ts'
import { startExchange } from '../support/exchange.ts'
import { eventually, startContango } from '../support/service.ts'
import { backfillJson, backfillLines, listPast, VENUES } from './backfill-run.ts'

const daysAgo = (days: number) => new Date(floorTo(systemClock.now(), DAY) - days * DAY).toISOString()
const PERPETUAL = 'bybit:BTC/USDT:USDT'

test('every word that cannot be used is named at once', () => {
  const args = ['--venue', 'bybti', '--instrument', 'BTC', '--kind', 'fundng', '--from', '2025-02-30', '--to', 'soon']
  assert.throws(
    () => readBackfillArguments(args, VENUES, Date.UTC(2026, 0, 1)),
    (error) => {
      assert.ok(error instanceof InvalidInputError)
      const paths = error.problems.map(({ path }) => path)
      assert.deepEqual(paths, ['--venue', '--instrument', '--kind', '--from', '--to'])
      assert.match(error.message, /did you mean bybit\?.*did you mean funding\?/s)
      return true
    }
  )
  const past = ['--from', '2025-01-02', '--to', '2025-01-01']
  assert.throws(() => readBackfillArguments(past, VENUES, Date.UTC(2026, 0, 1)), /--from: must be before --to/)
})

test('an empty database gets all of a contract’s past, as far as its venue serves it, and again nothing', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  const args = ['--instrument', PERPETUAL, '--from', daysAgo(20)]
  const first = await backfillJson(t.db, exchange, args)
  assert.equal(first.code, 0)
  // Settlements, prices and open interest of the perpetual, prices of the coin.
  assert.deepEqual([first.pieces, first.done, first.failed, first.stopped], [4, 4, [], false])
  assert.ok(first.stored > 20 * 24 * 2 && first.stored + first.duplicate + first.refused === first.read)
  const { settlements, hours, bases } = await listPast(t.db)
  assert.ok(settlements.length >= 60 && hours.length >= 960 && bases.length >= 480)
  assert.ok(bases.every(({ premium_bps }) => premium_bps !== null))
  const before = exchange.requests.length
  const again = await backfillJson(t.db, exchange, args)
  assert.deepEqual([again.code, again.stored, again.done], [0, 0, 4])
  const asked = exchange.requests.slice(before).filter(({ path }) => /history|kline|open-interest/.test(path))
  assert.deepEqual(asked, [], 'nothing that is stored is asked for again')
})

test('hourly facts from before RAW_RETENTION_DAYS are neither asked for nor wished for, settlements are', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  const kept = new Date(systemClock.now() - 40 * DAY)
  const from = new Date(Date.UTC(kept.getUTCFullYear(), kept.getUTCMonth())).toISOString()
  const run = (args: readonly string[]) => {
    const known = ['--instrument', PERPETUAL, ...args]
    return backfillLines(t.db, exchange, known, 'test', undefined, { RAW_RETENTION_DAYS: '40' })
  }
  await assert.rejects(run(['--kind', 'prices', '--to', daysAgo(90)]), /--to: must be after .*RAW_RETENTION_DAYS/)
  const { lines, code } = await run(['--from', daysAgo(90)])
  assert.equal(code, 0)
  assert.match(lines[0]!, new RegExp(`^prices, open-interest of before ${from}.*RAW_RETENTION_DAYS.* are not fetched$`))
  const { rows } = await t.db.query<{ fact: string; wanted_from: Date }>(
    'select distinct fact, wanted_from from backfill order by fact'
  )
  assert.deepEqual(
    rows.map(({ fact, wanted_from }) => [fact, wanted_from.toISOString()]),
    [
      ['open_interest_1h', from],
      ['price_1h', from],
      ['settlement', daysAgo(90)]
    ]
  )
  const { settlements, hours } = await listPast(t.db)
  assert.ok(settlements[0]!.settled_at.toISOString() < from)
  assert.ok(hours.length > 0 && hours.every(({ tick_at }) => tick_at.toISOString() >= from))
})

test('a backfill that is killed in the middle goes on where it was: nothing twice, nothing lost', {
  timeout: 180_000
}, async () => {
  await using whole = await testDatabase()
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  const args = ['--instrument', PERPETUAL, '--from', daysAgo(150), '--to', daysAgo(1)]
  assert.equal((await backfillJson(whole.db, exchange, args)).code, 0)
  const env = { DATABASE_URL: t.url, VENUE_URLS: JSON.stringify(exchange.urls), HISTORY_CALLS_PER_SECOND: '8' }
  const open = async () => {
    const { rows } = await t.db.query<{ rows: number; left: number }>(
      `select coalesce(sum(rows), 0)::int as rows, count(*) filter (where state <> 'done')::int as left from backfill`
    )
    return rows[0]!
  }
  let kills = 0
  for (const share of [0, 1_500]) {
    await using run = startContango(['backfill', ...args], env)
    const stored = await eventually('it has stored more', async () => {
      const { rows, left } = await open()
      return rows > share && left > 0 ? rows : undefined
    })
    assert.ok(stored > share)
    await run.end('SIGKILL')
    kills += 1
    // Whoever dies keeps its piece for as long as its lease: here nobody waits for that.
    await t.db.query(`update backfill set lease_until = now() - interval '1 second' where state = 'running'`)
  }
  assert.equal(kills, 2)
  assert.ok((await open()).left > 0, 'it was killed before the end')
  await using last = startContango(['backfill', ...args, '--json'], { ...env, HISTORY_CALLS_PER_SECOND: '1000' })
  const [report] = await last.says(/\{"pieces".*\}/)
  assert.equal(JSON.parse(report!).failed.length, 0)
  await eventually('it ends', async () => (last.child.exitCode === null ? undefined : true))
  assert.equal(last.child.exitCode, 0)
  assert.deepEqual(await listPast(t.db), await listPast(whole.db))
  assert.deepEqual(await doubles(t.db), [])
})

/** Revisions that say nothing new. */
async function doubles(db: Database) {
  const { rows } = await db.query(
    `select instrument_id, tick_at from market_snapshot group by instrument_id, tick_at, last, mark, open_interest_base
     having count(*) > 1`
  )
  return rows
}

test('two backfills at once share the work: no page is asked for by both', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  const instruments = ['BTC', 'ETH', 'SOL', 'XRP'].map((asset) => `bybit:${asset}/USDT:USDT`).join(',')
  const args = [
    '--instrument',
    instruments,
    '--kind',
    'funding,open-interest',
    '--from',
    daysAgo(60),
    '--to',
    daysAgo(1)
  ]
  // What the venue lists is known: both begin with the past at once.
  assert.equal(
    (await backfillJson(t.db, exchange, ['--instrument', PERPETUAL, '--kind', 'funding', '--from', daysAgo(1)])).code,
    0
  )
  await t.db.query('delete from backfill')
  const before = exchange.requests.length
  const both = await Promise.all(['one', 'two'].map((holder) => backfillJson(t.db, exchange, args, holder)))
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0]
  )
  assert.ok(
    both.every(({ stored }) => stored > 0),
    'each did some of it'
  )
  const asked = exchange.requests
    .slice(before)
    .map(({ path }) => path)
    .filter((path) => /funding\/history|open-interest/.test(path))
  assert.ok(asked.length > 20)
  assert.equal(new Set(asked).size, asked.length)
  assert.deepEqual(await doubles(t.db), [])
})

test('what a venue does not give up is told with its reason, and the exit code says so', async () => {
  await using t = await testDatabase()
  await using exchange = await startExchange(systemClock)
  exchange.fault = (_venue, path) =>
    path.includes('/funding/history') ? { kind: 'answer', status: 500, body: '{}' } : undefined
  const args = ['--instrument', PERPETUAL, '--kind', 'funding,open-interest', '--from', daysAgo(3)]
  const running = backfillLines(t.db, exchange, args)
  // Between two tries it waits longer each time: here nobody does.
  const hurry = async () => {
    const { rows } = await t.db.query<{ failures: number }>(
      `update backfill set not_before = null where state = 'failed' returning failures`
    )
    return rows.some(({ failures }) => failures >= 4) ? true : undefined
  }
  await eventually('it gives up', hurry)
  const { lines, code } = await running
  assert.equal(code, 1)
  assert.ok(exchange.injected >= 4)
  assert.ok(lines.includes('done 1 of 2 pieces, back to ' + lines[0]!.split('back to ')[1]))
  assert.match(lines.at(-1)!, /^failed bybit:BTC\/USDT:USDT settlement: bybit/)
})
