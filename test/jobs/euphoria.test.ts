import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { DAY, floorTo, HOUR, MINUTE } from '../../src/domain/time.ts'
import { evaluateNext } from '../../src/jobs/evaluate.ts'
import { regimeParameters, TYPE } from '../../src/jobs/regime-walk.ts'
import { activate } from '../../src/store/signal-activations.ts'
import { testDatabase } from '../support/database.ts'
import { silentLog, testConfig } from '../support/line.ts'
import { openPast } from '../support/past.ts'

test('with a shortened persistence, a market that turns euphoric opens a regime within a day, panic ends it and opens its own, and calm ends that', async () => {
  await using t = await testDatabase()
  // The next look at a finished past is compared with the database's own time: a clock of some days ago is always due.
  const start = floorTo(systemClock.now(), DAY) - 4 * DAY + MINUTE
  let nowMs = start - 125 * DAY
  const clock = { now: () => nowMs }
  await using past = await openPast(t.db, 'binance:BTC/USDT:USDT', { clock, assets: ['BTC'] })
  const { fundingRegime } = testConfig({ FUNDING_REGIME_PERSIST_HOURS: '8' })
  const deps = { db: t.db, clock, log: silentLog, holder: 'test', fundingRegime }
  await activate(t.db, TYPE, regimeParameters(fundingRegime))
  const order = async (regime: string) => {
    const answer = await fetch(`${past.exchange.controlUrl}/regimes`, {
      method: 'PUT',
      body: JSON.stringify({ BTC: regime })
    })
    assert.equal(answer.status, 200)
  }
  /** A settlement later: the historian brings it, and signals look at it. */
  const settle = async () => {
    nowMs += 8 * HOUR
    assert.equal(await past.run(), true)
    while (await evaluateNext(deps)) {}
  }
  const signals = async () =>
    (
      await t.db.query('select label, state, close_reason, opened_at from signal where opened_at > $1', [
        new Date(from)
      ])
    ).rows

  // Whatever the market had in store for these months, it is calm until we say otherwise.
  await order('calm')
  nowMs = start
  await past.want('settlement', 120)
  assert.equal(await past.run(), true)
  while (await evaluateNext(deps)) {}
  const from = nowMs
  assert.deepEqual(await signals(), [])

  await order('euphoric')
  await settle()
  await settle()
  const [open, ...more] = await signals()
  assert.deepEqual([open!.label, open!.state, more.length], ['OVERHEATED', 'open', 0])
  assert.ok(open!.opened_at.getTime() % (8 * HOUR) === 0, 'at a settlement')

  await order('panic')
  await settle()
  await settle()
  await settle()
  await order('calm')
  await settle()
  await settle()
  const told = (await signals()).sort((a, b) => a.opened_at.getTime() - b.opened_at.getTime())
  assert.deepEqual(
    told.map(({ label, state, close_reason }) => [label, state, close_reason]),
    [
      ['OVERHEATED', 'closed', 'exit'],
      ['PANIC', 'closed', 'exit']
    ]
  )
  const { rows: events } = await t.db.query(
    `select type, asset, signal_label from event where at > $1 and type in ('signal.opened', 'signal.closed') order by at, created_at`,
    [new Date(from)]
  )
  assert.deepEqual(events, [
    { type: 'signal.opened', asset: 'BTC', signal_label: 'OVERHEATED' },
    { type: 'signal.closed', asset: 'BTC', signal_label: 'OVERHEATED' },
    { type: 'signal.opened', asset: 'BTC', signal_label: 'PANIC' },
    { type: 'signal.closed', asset: 'BTC', signal_label: 'PANIC' }
  ])
})
