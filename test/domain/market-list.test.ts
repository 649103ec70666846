import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeMarketList, type ListedName } from '../../src/domain/market-list.ts'
import { HOUR } from '../../src/domain/time.ts'

const NOW = Date.UTC(2026, 10, 25)
const contracts = (count: number, changes: Partial<ListedName> = {}): ListedName[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `${changes.kind ?? 'perpetual'} ${index}`,
    kind: 'perpetual',
    inverse: false,
    status: 'listed',
    expiresAt: null,
    ...changes
  }))
const keys = (rows: readonly ListedName[]) => new Set(rows.map(({ key }) => key))

test('a delisting or two are believed at once', () => {
  const known = contracts(50)
  const { gone, doubt } = judgeMarketList(known, keys(known.slice(2)), null, NOW)
  assert.deepEqual([gone, doubt], [['perpetual 0', 'perpetual 1'], null])
  const few = contracts(3)
  assert.deepEqual(judgeMarketList(few, keys(few.slice(1)), null, NOW).gone, ['perpetual 0'])
})

test('a list that has lost more than a fifth is not believed before three lists over an hour have said the same', () => {
  const known = contracts(50)
  const short = keys(known.slice(0, 1))
  const first = judgeMarketList(known, short, null, NOW)
  assert.deepEqual(first.gone, [])
  assert.match(first.doubt!.reason, /^market_list_shrunk: missing are 49 of 50 linear perpetuals/)
  const second = judgeMarketList(known, short, first.doubt, NOW + HOUR)
  assert.deepEqual([second.gone.length, second.doubt!.count], [0, 2])
  const early = judgeMarketList(known, short, { ...second.doubt!, since: NOW + HOUR }, NOW + HOUR + 1)
  assert.equal(early.gone.length, 0, 'three within a second say no more than one')
  const other = judgeMarketList(known, keys(known.slice(0, 5)), second.doubt, NOW + 2 * HOUR)
  assert.deepEqual([other.gone.length, other.doubt!.count], [0, 1], 'another loss is another doubt')
  const third = judgeMarketList(known, short, second.doubt, NOW + 2 * HOUR)
  assert.deepEqual([third.gone.length, third.goneSince, third.doubt], [49, NOW, null])
})

test('a list of as many others is as short as a list without them', () => {
  const known = contracts(50)
  const others = new Set(known.map(({ key }) => `other ${key}`))
  assert.equal(judgeMarketList(known, others, null, NOW).gone.length, 0)
})

test('what has expired or was announced goes without a doubt, and one kind of contracts does not speak for another', () => {
  const dated = contracts(4, { kind: 'future', expiresAt: NOW - 1 })
  const announced = contracts(6, { status: 'delisting' })
  const spot = contracts(20, { kind: 'spot', inverse: null })
  const { gone, doubt } = judgeMarketList([...dated, ...announced, ...spot], new Set(), null, NOW)
  assert.equal(gone.length, 10)
  assert.match(doubt!.reason, /20 of 20 spot pairs;/)
})
