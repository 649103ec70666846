import assert from 'node:assert/strict'
import type { Ask } from '../../scripts/report/ask.ts'

type Gap = { readonly from: string; readonly to: string; readonly reason: string; readonly filledAt: string | null }

/** Where pages of the Hyperliquid files end too early: from the first hour that is missing until the next that is there. */
const PAGES = [
  ['2024-01-21T20', '2024-01-31T00'],
  ['2024-02-20T20', '2024-03-01T00'],
  ['2024-03-21T20', '2024-03-31T00'],
  ['2024-04-20T20', '2024-04-30T00'],
  ['2024-05-20T20', '2024-05-30T00'],
  ['2024-06-19T20', '2024-06-29T00'],
  ['2024-07-19T20', '2024-07-29T00'],
  ['2024-08-15T13', '2024-08-15T14'],
  ['2024-08-18T21', '2024-08-28T00'],
  ['2024-09-17T20', '2024-09-27T00'],
  ['2024-10-17T20', '2024-10-27T00'],
  ['2024-11-16T20', '2024-11-26T00'],
  ['2024-12-16T20', '2024-12-26T00'],
  ['2025-01-15T20', '2025-01-25T00'],
  ['2025-02-14T20', '2025-02-24T00'],
  ['2025-03-16T20', '2025-03-26T00'],
  ['2025-04-15T20', '2025-04-25T00'],
  ['2025-05-15T20', '2025-05-25T00'],
  ['2025-06-14T20', '2025-06-24T00'],
  ['2025-07-14T20', '2025-07-24T00'],
  ['2025-08-13T20', '2025-08-23T00'],
  ['2025-09-12T20', '2025-09-22T00'],
  ['2025-10-12T20', '2025-10-22T00'],
  ['2025-11-11T20', '2025-11-21T00'],
  ['2025-12-11T20', '2025-12-21T00']
].map((hours) => [...hours.map((hour) => `${hour}:00:00.000Z`), 'absent_from_file'])

const irregular = (...times: string[]) =>
  times.slice(1).map((to, index) => [`${times[index]}:00:00.000Z`, `${to}:00:00.000Z`, 'irregular_interval'])

/** A settlement is missing; seven came late or early, and the one after each is as much nearer or farther. */
const HTX = [
  ['2021-02-19T16:00:00.000Z', '2021-02-20T08:00:00.000Z', 'absent_from_file'],
  ...irregular('2021-04-07T08', '2021-04-07T18', '2021-04-08T00'),
  ...irregular('2021-05-06T00', '2021-05-06T10', '2021-05-06T16'),
  ...irregular('2021-05-19T08', '2021-05-19T18', '2021-05-20T00'),
  ...irregular('2021-05-30T08', '2021-05-30T18', '2021-05-31T00'),
  ...irregular('2021-10-28T00', '2021-10-28T03', '2021-10-28T08'),
  ...irregular('2022-10-19T08', '2022-10-19T19', '2022-10-20T00'),
  ...irregular('2023-04-12T00', '2023-04-12T09', '2023-04-12T16')
]

/** The ledger names every hole and every irregular interval of the recorded histories, and no other. */
export async function checkGaps(ask: Ask, settled: ReadonlySet<string>): Promise<void> {
  const gaps = new Map<string, Gap[]>()
  for (const instrument of settled) gaps.set(instrument, await ask('/v1/gaps', { instrument, limit: '1000' }))
  const named = (instrument: string) => gaps.get(instrument)!.map(({ from, to, reason }) => [from, to, reason])
  for (const base of ['BTC', 'ETH']) {
    const pages = gaps.get(`hyperliquid:${base}/USDC:USDC`)!
    assert.ok(pages.every(({ filledAt }) => filledAt === null))
    assert.equal(PAGES.length, 25)
    assert.deepEqual(named(`hyperliquid:${base}/USDC:USDC`), PAGES)
    assert.deepEqual(named(`gate:${base}/USDT:USDT`), [
      ['2020-12-01T00:00:00.000Z', '2021-01-01T00:00:00.000Z', 'absent_from_file']
    ])
    assert.deepEqual(named(`htx:${base}/USDT:USDT`), HTX)
  }
  const others = [...gaps].filter(([key]) => !/^(hyperliquid|gate|htx):/.test(key))
  assert.equal(others.length, 18)
  for (const [key, found] of others) assert.deepEqual(found, [], key)
}
