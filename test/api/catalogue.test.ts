import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openCatalogue } from '../../src/api/catalogue.ts'
import { testDatabase } from '../support/database.ts'
import { insertInstrument, manualClock } from './fixture.ts'

const PERP = 'binance:BTC/USDT:USDT'

test('instruments are read anew when one of them, or what is thought of it, has changed, and not otherwise', async () => {
  await using t = await testDatabase()
  const clock = manualClock()
  const id = await insertInstrument(t.db, { key: PERP })
  const catalogue = openCatalogue({ db: t.db, clock })
  const readLater = async () => {
    clock.advance(6_000)
    return await catalogue.read()
  }
  const first = await readLater()
  assert.ok((await readLater()).instruments === first.instruments)
  const changes = [
    `update instrument set status = 'delisting' where id = ${id}`,
    `insert into identity_check (instrument_id, state, reason, ratio, since) values (${id}, 'quarantined', 'price_ratio', 3, now())`,
    `update identity_check set ratio = 4 where instrument_id = ${id}`,
    `delete from identity_check where instrument_id = ${id}`
  ]
  const seen: string[] = []
  for (const sql of changes) {
    await t.db.query(sql)
    const { byKey } = await readLater()
    seen.push(`${byKey.get(PERP)!.status} ${byKey.get(PERP)!.quarantine?.ratio ?? 'none'}`)
  }
  assert.deepEqual(seen, ['delisting none', 'delisting 3', 'delisting 4', 'delisting none'])
})
