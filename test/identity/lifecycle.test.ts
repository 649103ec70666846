import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY, HOUR } from '../../src/domain/time.ts'
import { insertSettlements } from '../api/fixture.ts'
import { fileFolder, importJson } from '../cli/import-run.ts'
import { type Answer, openStage } from './stage.ts'

const iso = (at: number) => new Date(at).toISOString()

test('a delisting is announced, then happens: each with its time, and the history stays', async () => {
  await using stage = await openStage(['binance', 'bybit'], { assets: ['SOL'] })
  await stage.tick()
  const key = 'bybit:SOL/USDT:USDT'
  assert.equal((await stage.instrument(key)).delistingAnnouncedAt, null)
  const deliveredAt = stage.now() + DAY
  await stage.setFaults([
    {
      venue: 'bybit',
      kind: 'fields',
      symbol: 'SOLUSDT',
      set: { deliveryTime: String(deliveredAt) },
      path: '/v5/market/instruments-info'
    }
  ])
  await stage.reload(['bybit'])
  const announced = await stage.instrument(key)
  assert.equal(announced.status, 'delisting')
  assert.equal(announced.delistedAt, iso(deliveredAt))
  assert.ok(Date.parse(announced.delistingAnnouncedAt) <= stage.now())
  assert.equal(announced.statusSince, announced.delistingAnnouncedAt)
  await stage.reload(['bybit'], HOUR)
  const repeated = await stage.instrument(key)
  assert.equal(repeated.delistingAnnouncedAt, announced.delistingAnnouncedAt, 'heard once')
  await stage.tick()
  assert.ok(await stage.row(key), 'it is traded until then')
  await stage.setFaults([{ venue: 'bybit', kind: 'delisting', symbol: 'SOLUSDT', path: 'category=linear' }])
  await stage.reload(['bybit'], DAY + HOUR)
  const gone = await stage.instrument(key)
  assert.equal(gone.status, 'delisted')
  assert.equal(gone.delistedAt, iso(deliveredAt), 'when the venue said it would')
  assert.equal(gone.delistingAnnouncedAt, announced.delistingAnnouncedAt)
  await stage.tick()
  assert.equal(await stage.row(key), undefined)
  const { data } = await stage.get(
    `/v1/basis/history?instrument=${key}&from=${iso(stage.now() - 2 * DAY)}&to=${iso(stage.now())}&resolution=raw`
  )
  assert.equal(data.length, 2, 'its history stays')
})

test('a contract under a new name is linked with the old one where the venue’s own id stays, both histories in their place', async () => {
  await using stage = await openStage(['binance', 'bybit'], { assets: ['SOL', 'LUNE'] })
  await stage.tick()
  const { rows } = await stage.db.query<{
    id: number
  }>(`update instrument set key = 'bybit:OLD/USDT:USDT', symbol = 'OLD/USDT:USDT', base = 'OLD'
    where key = 'bybit:SOL/USDT:USDT' returning id`)
  await insertSettlements(stage.db, rows[0]!.id, [{ atMs: stage.now() - 8 * HOUR, rate: '0.0001' }])
  await stage.reload(['bybit'])
  const old = await stage.instrument('bybit:OLD/USDT:USDT')
  const fresh = await stage.instrument('bybit:SOL/USDT:USDT')
  assert.deepEqual([old.status, old.renamedTo, old.renamedFrom], ['renamed', 'bybit:SOL/USDT:USDT', null])
  assert.deepEqual([fresh.status, fresh.renamedFrom, fresh.renamedTo], ['listed', 'bybit:OLD/USDT:USDT', null])
  const { data } = await stage.get('/v1/funding/history?instrument=bybit:OLD/USDT:USDT')
  assert.equal(data.length, 1, 'the old name keeps its history')
})

test('a rename that only a human knows of links the two names once the old one is gone', async () => {
  await using stage = await openStage(['binance', 'bybit'], { assets: ['SOL', 'LUNE'] })
  const [from, to] = ['binance:SOL/USDT:USDT', 'binance:LUNE/USDT:USDT']
  await stage.override([{ key: to, asset: 'SOL', renamedFrom: from }])
  await stage.reload()
  assert.equal((await stage.instrument(from)).status, 'listed', 'what is traded has not been renamed yet')
  await stage.setFaults([
    { venue: 'binance', kind: 'rename', symbol: 'SOLUSDT', as: 'LUNEUSDT', base: 'SOL', asBase: 'LUNE', path: '/fapi/' }
  ])
  await stage.reload(['binance'])
  const [old, fresh] = [await stage.instrument(from), await stage.instrument(to)]
  assert.deepEqual([old.status, old.renamedTo], ['renamed', to])
  assert.deepEqual(
    [fresh.status, fresh.renamedFrom, fresh.asset, fresh.spot],
    ['listed', from, 'SOL', 'binance:SOL/USDT']
  )
  await stage.tick()
  assert.ok((await stage.row(to))!.basisBps !== null, 'it goes on under its new name')
})

test('a market list of one is no mass delisting: nothing is gone, and the venue’s health says why', async () => {
  await using stage = await openStage(['binance', 'bybit'], { assets: ['BTC', 'SOL'] })
  await stage.tick()
  await stage.setFaults([{ venue: 'bybit', kind: 'one', path: '/v5/market/instruments-info' }])
  await stage.reload(['bybit'])
  assert.equal((await stage.instrument('bybit:SOL/USDT:USDT')).status, 'listed')
  await stage.setFaults([])
  await stage.tick()
  const health = await stage.venue('bybit')
  assert.equal(health.state, 'degraded')
  assert.match(health.reason, /^market_list_shrunk: missing are \d+ of \d+ /)
  assert.equal((await stage.row('bybit:SOL/USDT:USDT'))!.grade, 'signal', 'its prices are as good as ever')
  await stage.reload(['bybit'])
  await stage.tick()
  assert.equal((await stage.venue('bybit')).state, 'up')
})

test('a mass delisting is believed when three lists over an hour have said the same', async () => {
  await using stage = await openStage(['binance', 'bybit'], { assets: ['BTC', 'SOL'], listing: 'every' })
  await stage.setFaults([{ venue: 'bybit', kind: 'half', path: 'instruments-info' }])
  const gone = async () => (await stage.get('/v1/instruments?venue=bybit&status=delisted&limit=5000')).data as Answer[]
  await stage.reload(['bybit'])
  const firstAt = stage.now()
  await stage.reload(['bybit'], HOUR)
  assert.equal((await gone()).length, 0)
  await stage.reload(['bybit'], HOUR)
  const believed = await gone()
  assert.ok(believed.length > 30)
  assert.ok(
    believed.every(({ delistedAt }) => delistedAt === iso(firstAt)),
    'gone since it was first missing'
  )
})

test('a venue that has closed is shown as closed, and what is imported of it is kept as its history', async () => {
  await using stage = await openStage(['binance'], { assets: ['BTC'] })
  await using files = await fileFolder()
  const venue = await stage.venue('bitmex')
  assert.deepEqual([venue.state, venue.closedAt, venue.nextPollAt], ['closed', '2026-09-23T04:00:00.000Z', null])
  assert.match(venue.reason, /^closed: /)
  const path = await files.write('funding.csv', 'time,rate\n2025-06-01T04:00:00Z,0.0001\n2025-06-01T12:00:00Z,0.0002\n')
  const report = await importJson(stage.db, [path, '--kind', 'funding', '--instrument', 'bitmex:BTC/USD:BTC'])
  assert.equal(report.stored, 2)
  const instrument = await stage.instrument('bitmex:BTC/USD:BTC')
  assert.deepEqual([instrument.status, instrument.delistedAt], ['venue_closed', venue.closedAt])
  const { data } = await stage.get('/v1/funding/history?instrument=bitmex:BTC/USD:BTC&from=2025-06-01&to=2025-06-02')
  assert.equal(data.length, 2)
})

test('a contract that is announced but not traded yet is told as such, and traded once it is', async () => {
  const before = {
    venue: 'bybit',
    kind: 'fields',
    symbol: 'SOLUSDT',
    set: { isPreListing: true },
    path: 'instruments-info'
  }
  await using stage = await openStage(['binance', 'bybit'], { assets: ['SOL'], faults: [before] })
  const key = 'bybit:SOL/USDT:USDT'
  assert.equal((await stage.instrument(key)).status, 'pre_listing')
  await stage.tick()
  assert.equal((await stage.row(key))!.grade, 'none')
  await stage.setFaults([])
  await stage.reload(['bybit'], HOUR)
  const traded = await stage.instrument(key)
  assert.equal(traded.status, 'listed')
  assert.ok(Date.parse(traded.statusSince) > Date.parse(traded.firstSeenAt))
})
