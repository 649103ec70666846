import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { correctedEvent, settledEvent } from '../../src/jobs/funding-events.ts'
import type { Database } from '../../src/store/database.ts'
import { isWanted } from '../../src/webhooks/filter.ts'
import { NOW_MS, testApi } from './fixture.ts'
import { PERP, seedEverything } from './seed.ts'

const HELD = { reason: 'ticker_collision', ratio: 4, since: NOW_MS } as const

async function hold(db: Database): Promise<void> {
  await db.query(
    `insert into identity_check (instrument_id, state, reason, ratio, since)
     select id, 'quarantined', $2, 4, $3 from instrument where key = $1`,
    [PERP, HELD.reason, new Date(NOW_MS)]
  )
}

/** Everything that is told of one contract, by its own key. */
const TOLD = [
  'depth',
  'flow',
  'liquidations',
  'open-interest',
  'signals',
  'opportunities',
  'funding/intervals',
  'funding/trailing',
  'funding/standings',
  'funding/realised',
  'basis/movement',
  ...['basis', 'funding', 'open-interest', 'depth', 'flow'].map((what) => `${what}/history`),
  'funding/history?kind=estimate'
]

type Row = { instrument?: string; reasons: string[] }

test('whatever is told of a contract under quarantine says so, and of one that is not says nothing', async () => {
  for (const isHeld of [true, false]) {
    await using api = await testApi({
      seed: async (db) => {
        await seedEverything(db)
        if (isHeld) await hold(db)
      }
    })
    for (const path of TOLD) {
      const at = `${path}${path.includes('?') ? '&' : '?'}instrument=${PERP}`
      const { status, body } = await request(api.url).get(`/v1/${at}`)
      assert.equal(status, 200, path)
      const rows: Row[] = [body.data].flat()
      // The seed has no estimate; all else has a row.
      assert.ok(rows.length > 0 || path.includes('estimate'), path)
      for (const { reasons } of rows) assert.equal(reasons.includes('quarantined'), isHeld, `${path} ${reasons}`)
    }
  }
})

test('who asks for the asset is told nothing of a contract that may be another coin of its name', async () => {
  await using api = await testApi({ seed: seedEverything })
  const lists = [
    'depth',
    'flow',
    'liquidations',
    'open-interest',
    'signals',
    'opportunities',
    'funding/intervals',
    'funding/trailing',
    'funding/standings',
    'basis/movement'
  ]
  const ours = async (path: string) => {
    const { body } = await request(api.url).get(`/v1/${path}?asset=BTC`)
    return body.data.filter(({ instrument }: Row) => instrument === PERP).length
  }
  for (const path of lists) assert.ok((await ours(path)) > 0, path)
  await hold(api.db)
  // What is known of instruments is kept for five seconds.
  api.clock.advance(6_000)
  for (const path of lists) assert.equal(await ours(path), 0, path)
})

const SETTLED = {
  settledAt: NOW_MS,
  venueTime: NOW_MS,
  observedAt: NOW_MS,
  rate: '0.0001',
  intervalHours: 8,
  intervalSource: 'declared' as const,
  cap: null,
  floor: null,
  mark: null,
  estimateRate: null,
  estimateAt: null,
  source: 'polled' as const,
  knownAt: NOW_MS,
  availableAt: NOW_MS,
  revision: 0,
  reasons: ['late'],
  formulaVersion: 1,
  adapterVersion: 1
}
test('events of a contract under quarantine bear the mark, and reach who names its venue, not who names its asset', () => {
  const told = (quarantine: typeof HELD | null) => {
    const contract = { id: 1, key: PERP, venue: 'binance', asset: 'BTC', kind: 'perpetual' as const, quarantine }
    return [settledEvent(contract, SETTLED), correctedEvent(contract, SETTLED)]
  }
  const wants = (filter: object, { type, about }: ReturnType<typeof settledEvent>) =>
    isWanted(
      { id: 'sub', events: [type], filter },
      { ...NOBODY, eventType: type, venue: about!.venue, asset: about!.asset }
    )
  for (const event of told(HELD)) {
    assert.ok((event.data as Row).reasons.includes('quarantined'), event.type)
    const filters = [{ asset: ['BTC'] }, { venue: ['binance'] }, {}]
    assert.deepEqual(
      filters.map((filter) => wants(filter, event)),
      [false, true, true],
      event.type
    )
  }
  for (const event of told(null)) {
    assert.ok(!(event.data as Row).reasons.includes('quarantined'), event.type)
    assert.ok(wants({ asset: ['BTC'] }, event), event.type)
  }
})

const NOBODY = { kind: 'perpetual', type: null, label: null, subscriptionId: null }
