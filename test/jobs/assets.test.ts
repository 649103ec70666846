import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseInstrumentKey } from '../../src/domain/instrument.ts'
import { rankAssets } from '../../src/jobs/assets.ts'
import { listTrackedAssets, saveAssetRanks } from '../../src/store/assets.ts'
import { saveIdentityChecks } from '../../src/store/identity.ts'
import { ensureInstrument, listInstruments } from '../../src/store/instruments.ts'
import type { VenueClient } from '../../src/venues/ccxt-client.ts'
import { findAdapter } from '../../src/venues/registry.ts'
import type { Call, VenueAdapter } from '../../src/venues/venue.ts'
import { testDatabase } from '../support/database.ts'
import { silentLog } from '../support/line.ts'

const NOW = Date.UTC(2026, 10, 25, 12)
const SIZES = { LARGE: '3000000', SMALL: '2000000', DOUBTED: '9000000' }

/** A venue that answers one question, about open interest. */
function sizesOnly(): { adapter: VenueAdapter; client: VenueClient } {
  const ask = {
    name: 'open interest',
    reach: 'bulk',
    cadence: 'poll',
    facts: ['open_interest'],
    ask: async () => SIZES,
    read: (_said, { reading, observedAt }) => {
      for (const [asset, usd] of Object.entries(SIZES)) {
        const said = { symbol: `${asset}/USDT:USDT`, base: null, quote: null, usd, unit: 'usd', sides: 1 } as const
        reading.openInterest.push({ ...said, observedAt, venueTime: null })
      }
    }
  } as Partial<Call> as Call
  const client = {
    call: async () => ({ value: SIZES, observedAt: NOW, saidAt: NOW }),
    exchangeOf: () => ({})
  } as unknown as VenueClient
  return { adapter: { ...findAdapter('bybit')!, calls: [ask], hasBulkOpenInterest: true }, client }
}

test('what is under quarantine makes no asset large, and an asset in doubt stays followed until the doubt is over', async () => {
  await using t = await testDatabase()
  for (const asset of Object.keys(SIZES)) await ensureInstrument(t.db, parseInstrumentKey(`bybit:${asset}/USDT:USDT`)!)
  const { id } = (await listInstruments(t.db)).find(({ asset }) => asset === 'DOUBTED')!
  const deps = {
    db: t.db,
    clock: { now: () => NOW },
    log: silentLog,
    assets: null,
    assetCount: 1,
    venues: new Set(['bybit'])
  }
  const hold = (isHeld: boolean) => {
    const check = {
      state: 'quarantined',
      reason: 'no_majority',
      ratio: 50,
      since: NOW,
      checks: 1,
      agreesSince: null
    } as const
    return saveIdentityChecks(t.db, [[id, isHeld ? check : null]])
  }
  const rank = async () => {
    await rankAssets(deps, [sizesOnly()])
    return (await listTrackedAssets(t.db)).toSorted()
  }
  await hold(true)
  assert.deepEqual(await rank(), ['LARGE'], 'nobody follows it for the size that is in doubt')
  await saveAssetRanks(
    t.db,
    [{ asset: 'DOUBTED', openInterestUsd: null, volume24hUsd: null, rank: 1, tracked: true }],
    NOW
  )
  assert.deepEqual(await rank(), ['DOUBTED', 'LARGE'])
  const doubted = async () => {
    const { rows } = await t.db.query("select open_interest_usd as held, rank, tracked from asset where id = 'DOUBTED'")
    return rows[0]
  }
  assert.deepEqual(await doubted(), { held: null, rank: 3, tracked: true }, 'what is not counted is not zero')
  await hold(false)
  await rank()
  assert.deepEqual(await doubted(), { held: '9000000.00', rank: 1, tracked: true })
})
