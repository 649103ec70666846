import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { BUCKET_MS } from '../../src/domain/signal-types.ts'
import { floorTo, SECOND } from '../../src/domain/time.ts'
import { evaluateBuckets, hashedBuckets } from '../../src/jobs/bucket-signals.ts'
import { collect } from '../../src/jobs/collect.ts'
import { derive } from '../../src/jobs/derive.ts'
import { publishDue } from '../../src/jobs/publisher.ts'
import { activate } from '../../src/store/signal-activations.ts'
import { ADAPTERS } from '../../src/venues/registry.ts'
import { testDatabase } from '../support/database.ts'
import { startExchange } from '../support/exchange.ts'
import { openLine, silentLog, testConfig } from '../support/line.ts'

test('a market that turns euphoric opens a dislocation of the polled basis within a quarter of an hour, and one that calms down closes it', async () => {
  await using t = await testDatabase()
  let nowMs = floorTo(systemClock.now(), BUCKET_MS) + 2 * SECOND
  const clock = { now: () => nowMs }
  await using exchange = await startExchange(clock)
  const adapters = ADAPTERS.filter(({ id }) => id === 'binance')
  await using line = await openLine(t.db, exchange, { clock, assets: ['BTC'], adapters })
  const deps = { db: t.db, clock, log: silentLog, holder: 'test', bucketParameters: testConfig().bucketParameters }
  await activate(t.db, 'basis_dislocation', hashedBuckets('basis_dislocation', deps))
  const order = async (regime: string) => {
    const body = JSON.stringify({ BTC: regime })
    const answer = await fetch(`${exchange.controlUrl}/regimes`, { method: 'PUT', body })
    assert.equal(answer.status, 200)
  }
  /** One poll in a bucket, as it is collected and derived, and then the bucket closes. */
  const bucket = async () => {
    const tickAt = floorTo(nowMs, 60 * SECOND)
    await collect(line.deps, line.venues.binance!, tickAt)
    await derive(line.deps, 'binance', tickAt)
    nowMs += BUCKET_MS
    // Past the time that what is stored late has.
    nowMs += 30 * SECOND
    await evaluateBuckets(deps, 'basis_dislocation')
    nowMs -= 30 * SECOND
  }
  const signals = async () =>
    (
      await t.db.query(
        `select s.label, s.state, s.close_reason, s.value, i.key, l.key as spot from signal s join instrument i on i.id = s.instrument_id
         join instrument l on l.id = s.spot_id where i.key = 'binance:BTC/USDT:USDT'`
      )
    ).rows

  await order('calm')
  for (let count = 0; count < 4; count += 1) await bucket()
  assert.deepEqual(await signals(), [])

  await order('euphoric')
  for (let count = 0; count < 5; count += 1) await bucket()
  const [open, ...more] = await signals()
  assert.deepEqual([open?.label, open?.state, open?.spot, more], ['RICH', 'open', 'binance:BTC/USDT', []])
  assert.ok(open!.value >= 25)

  await order('calm')
  for (let count = 0; count < 6; count += 1) await bucket()
  const [closed] = await signals()
  assert.deepEqual([closed!.state, closed!.close_reason], ['closed', 'exit'])

  await publishDue(deps)
  const { rows } = await t.db.query(
    `select type, asset, kind, signal_type, signal_label from event where data ->> 'instrument' = 'binance:BTC/USDT:USDT'
       and type in ('signal.opened', 'signal.closed') and position is not null order by position`
  )
  const common = { asset: 'BTC', kind: 'perpetual', signal_type: 'basis_dislocation', signal_label: 'RICH' }
  assert.deepEqual(rows, [
    { type: 'signal.opened', ...common },
    { type: 'signal.closed', ...common }
  ])
})
