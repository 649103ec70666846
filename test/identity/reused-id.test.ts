import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseInstrumentKey } from '../../src/domain/instrument.ts'
import { listInstruments } from '../../src/store/instruments.ts'
import { upsertListings } from '../../src/store/listings.ts'
import { ensureVenues } from '../../src/store/venues.ts'
import { findAdapter } from '../../src/venues/registry.ts'
import { testDatabase } from '../support/database.ts'

const NOW = Date.UTC(2026, 10, 25, 12)
const listed = (base: string, nativeId: string) => ({
  ...parseInstrumentKey(`bybit:${base}/USDT:USDT`)!,
  nativeId,
  assetClass: 'crypto' as const,
  contractSize: '1',
  listedAt: null,
  delistedAt: null,
  status: 'listed' as const
})
const others = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I'].map((base) => listed(base, `${base}USDT`))

test('an id that comes back after its market has gone is another coin’s, not a new name of the old one', async () => {
  await using t = await testDatabase()
  await ensureVenues(t.db, [findAdapter('bybit')!])
  const load = (base: string | null, hours: number) =>
    upsertListings(t.db, 'bybit', base ? [...others, listed(base, 'XUSDT')] : others, NOW + hours * 3_600_000)
  const namesOf = async (base: string) => {
    const found = (await listInstruments(t.db)).find((instrument) => instrument.base === base)!
    return [found.status, found.renamedFrom, found.renamedTo]
  }
  await load('OLD', 0)
  assert.equal((await load('NEW', 1)).renamed, 1)
  assert.deepEqual(await namesOf('OLD'), ['renamed', null, 'bybit:NEW/USDT:USDT'])
  assert.equal((await load(null, 2)).delisted, 1)
  assert.equal((await load('OTHER', 3)).renamed, 0)
  assert.deepEqual(await namesOf('NEW'), ['delisted', 'bybit:OLD/USDT:USDT', null])
  assert.deepEqual(await namesOf('OTHER'), ['listed', null, null])
})
