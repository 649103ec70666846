import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import type { Instrument } from '../../src/domain/instrument.ts'
import { HOUR } from '../../src/domain/time.ts'
import { recordGaps } from '../../src/store/gaps.ts'
import { listInstruments } from '../../src/store/instruments.ts'
import { testApi } from '../api/fixture.ts'
import { fileFolder, importJson } from './import-run.ts'

const PERP = 'bybit:BTC/USDT:USDT'
const START = Date.UTC(2025, 0, 1)
const iso = (hours: number) => new Date(START + hours * 3_600_000).toISOString()

/** An API, and a way to import settlements at these hours after the start. */
async function openImports() {
  const api = await testApi()
  const folder = await fileFolder()
  return {
    importAt: async (hours: readonly number[]) => {
      const rows = hours.map((hour) => `${iso(hour)},0.0001`)
      const file = await folder.write('rates.csv', ['time,rate', ...rows].join('\n'))
      return await importJson(api.db, [file, '--kind', 'funding', '--instrument', PERP])
    },
    importPrices: async (hours: readonly number[]) => {
      const file = await folder.write(
        'prices.csv',
        ['time,price', ...hours.map((hour) => `${iso(hour)},100`)].join('\n')
      )
      return await importJson(api.db, [file, '--kind', 'prices', '--instrument', PERP])
    },
    note: async (reason: string, from: number, to: number) => {
      const [{ id, venue }] = (await listInstruments(api.db)).filter(({ key }) => key === PERP) as [Instrument]
      const gap = {
        instrumentId: id,
        venue,
        fact: 'market',
        from: START + from * HOUR,
        to: START + to * HOUR,
        reason
      } as const
      await api.db.transaction((client) => recordGaps(client, [gap]))
    },
    gaps: async () => {
      const { body } = await request(api.url).get('/v1/gaps').query({ instrument: PERP })
      return (body.data as { from: string; to: string; reason: string; filledAt: string | null }[]).map(
        ({ from, to, reason, filledAt }) => [from, to, reason, filledAt === null ? 'open' : 'filled']
      )
    },
    /** As if somebody else had found the gaps. */
    rename: (reason: string) => api.db.query('update gap set reason = $1', [reason]),
    async [Symbol.asyncDispose]() {
      await folder[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
    }
  }
}

const every8h = (from: number, to: number) => Array.from({ length: (to - from) / 8 }, (_, index) => from + index * 8)

test('what a file lacks is a gap, once however often it is imported, and filled as far as another file brings it', async () => {
  await using imports = await openImports()
  const holed = [...every8h(0, 80), ...every8h(160, 240)]
  await imports.importAt(holed)
  const open = [[iso(80), iso(160), 'absent_from_file', 'open']]
  assert.deepEqual(await imports.gaps(), open)
  await imports.importAt(holed)
  assert.deepEqual(await imports.gaps(), open)
  await imports.importAt(every8h(104, 128))
  const parts = [
    [iso(80), iso(104), 'absent_from_file', 'open'],
    [iso(104), iso(128), 'absent_from_file', 'filled'],
    [iso(128), iso(160), 'absent_from_file', 'open']
  ]
  assert.deepEqual(await imports.gaps(), parts)
  await imports.importAt(every8h(104, 128))
  assert.deepEqual(await imports.gaps(), parts)
  await imports.importAt(every8h(80, 160))
  assert.deepEqual(
    await imports.gaps(),
    parts.map(([from, to, reason]) => [from, to, reason, 'filled'])
  )
})

test('what lies between two files is missing whichever of them came first', async () => {
  for (const [first, second] of [
    [0, 800],
    [800, 0]
  ] as const) {
    await using imports = await openImports()
    await imports.importAt(every8h(first, first + 80))
    assert.deepEqual(await imports.gaps(), [])
    await imports.importAt(every8h(second, second + 80))
    assert.deepEqual(await imports.gaps(), [[iso(80), iso(800), 'absent_from_file', 'open']])
  }
})

test('a settlement that came late is named with both intervals around it, and is no hole', async () => {
  await using imports = await openImports()
  const late = [...every8h(0, 80), 82, ...every8h(88, 160)]
  const named = [
    [iso(72), iso(82), 'irregular_interval', 'open'],
    [iso(82), iso(88), 'irregular_interval', 'open']
  ]
  for (const _ of [1, 2]) {
    await imports.importAt(late)
    assert.deepEqual(await imports.gaps(), named)
  }
})

test('a hole that a venue’s answer had is not noted again by a file that lacks the same, nor by a part of it', async () => {
  await using imports = await openImports()
  const holed = [...every8h(0, 80), ...every8h(160, 240)]
  await imports.importAt(holed)
  await imports.rename('absent_from_answer')
  const noted = [[iso(80), iso(160), 'absent_from_answer', 'open']]
  await imports.importAt([...every8h(40, 80), ...every8h(160, 200)])
  assert.deepEqual(await imports.gaps(), noted, 'one absence is one gap')
})

test('hours that had no trades, or were missing from an answer, are filled by the prices that a file has of them', async () => {
  await using imports = await openImports()
  await imports.importAt([0, 8])
  await imports.note('no_trades', 2, 6)
  await imports.note('absent_from_answer', 10, 12)
  await imports.note('timeout', 20, 22)
  await imports.importPrices([0, 1, 3, 4, 7, 11, 12, 21])
  assert.deepEqual(await imports.gaps(), [
    [iso(2), iso(4), 'no_trades', 'filled'],
    [iso(4), iso(6), 'no_trades', 'open'],
    [iso(10), iso(12), 'absent_from_answer', 'filled'],
    [iso(20), iso(22), 'timeout', 'open']
  ])
})
