import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Dissent, judgeConsensus, stepIdentity, type Voice } from '../../src/domain/consensus.ts'
import { MINUTE } from '../../src/domain/time.ts'

const voice = (id: number, venue: string, usd: number, changes: Partial<Voice> = {}): Voice => ({
  id,
  venue,
  asset: 'NEIRO',
  usd,
  isDated: false,
  isDecided: false,
  ...changes
})
const reasons = (voices: readonly Voice[]) => {
  const said = judgeConsensus(voices)
  return voices.map(({ id }) => (said.has(id) ? (said.get(id)?.reason ?? null) : undefined))
}

test('the price is that of most venues, however many contracts one venue lists', () => {
  const crowd = [3, 4, 5, 6].map((id) => voice(id, 'c', 80))
  assert.deepEqual(reasons([voice(1, 'a', 1), voice(2, 'b', 1.02), ...crowd]), [
    null,
    null,
    ...crowd.map(() => 'ticker_collision')
  ])
})

test('a price that is off by a power of ten is a wrong multiplier, any other is another coin', () => {
  const others = [voice(1, 'a', 1), voice(2, 'b', 1)]
  for (const usd of [0.001, 0.1, 10.5, 980, 1e6])
    assert.equal(reasons([...others, voice(3, 'c', usd)])[2], 'multiplier_mismatch')
  for (const usd of [0.03, 2, 42, 500]) assert.equal(reasons([...others, voice(3, 'c', usd)])[2], 'ticker_collision')
})

test('of two venues that contradict each other nobody knows which is right; one alone is contradicted by nobody', () => {
  assert.deepEqual(reasons([voice(1, 'a', 1), voice(2, 'b', 50)]), ['no_majority', 'no_majority'])
  assert.deepEqual(
    reasons([voice(1, 'a', 1), voice(2, 'b', 1), voice(3, 'c', 50), voice(4, 'd', 50)]),
    Array(4).fill('no_majority')
  )
  assert.deepEqual(reasons([voice(1, 'a', 1), voice(2, 'a', 50)]), [undefined, undefined])
  assert.deepEqual(reasons([voice(1, 'a', 1), voice(2, 'b', 50, { asset: 'OTHER' })]), [undefined, undefined])
})

test('one wrong contract of a venue does not make its others wrong', () => {
  assert.deepEqual(reasons([voice(1, 'a', 1), voice(2, 'b', 1), voice(3, 'b', 1000)]), [
    null,
    null,
    'multiplier_mismatch'
  ])
})

test('what a human has said to be the asset settles what the venues do not, and its book overrules nobody', () => {
  const said = { isDecided: true }
  assert.deepEqual(reasons([voice(1, 'a', 1), voice(2, 'b', 50, said)]), ['ticker_collision', null])
  assert.deepEqual(reasons([voice(1, 'a', 1), voice(2, 'a', 50, said)]), ['ticker_collision', null])
  assert.deepEqual(reasons([voice(1, 'a', 1), voice(2, 'b', 1), voice(3, 'c', 50, said)]), [
    null,
    null,
    'ticker_collision'
  ])
  // Two such words that contradict each other settle nothing between them, but the venues may.
  assert.deepEqual(reasons([voice(1, 'a', 1, said), voice(2, 'b', 1), voice(3, 'c', 50, said)]), [
    null,
    null,
    'ticker_collision'
  ])
})

test('a dated contract has no say, and a year of carry is not held against it', () => {
  const dated = { isDated: true }
  assert.deepEqual(reasons([voice(1, 'a', 1), voice(2, 'b', 1.3, dated), voice(3, 'c', 50, dated)]), [
    undefined,
    undefined,
    undefined
  ])
  assert.deepEqual(reasons([voice(1, 'a', 1), voice(2, 'b', 1), voice(3, 'b', 1.6, dated), voice(4, 'b', 50, dated)]), [
    null,
    null,
    null,
    'ticker_collision'
  ])
})

test('whatever the prices: nobody agrees with one that is far from it, and the order of the voices does not matter', () => {
  const prices = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom(1, 1.05, 1.15, 20, 21, 1000)), {
    maxLength: 12
  })
  fc.assert(
    fc.property(prices, (said) => {
      const voices = said.map(([venue, usd], index) => voice(index, venue, usd))
      const judged = judgeConsensus(voices)
      const agreeing = voices.filter(({ id }) => judged.get(id) === null).map(({ usd }) => usd)
      assert.ok(agreeing.length === 0 || Math.max(...agreeing) / Math.min(...agreeing) <= 1.2 ** 2)
      const backwards = judgeConsensus([...voices].reverse())
      const isTied = [...judged.values()].some((dissent) => dissent?.reason === 'no_majority')
      if (isTied) for (const { id } of voices) assert.equal(backwards.get(id)?.reason, 'no_majority')
    })
  )
})

const SLIGHT: Dissent = { reason: 'ticker_collision', ratio: 1.4 }

test('what is grossly apart is held back at once, what is a little apart when it lasts, and neither comes back before ten minutes', () => {
  const gross = stepIdentity(null, { reason: 'ticker_collision', ratio: 80 }, 0)
  assert.equal(gross!.state, 'quarantined')
  let slight = stepIdentity(null, SLIGHT, 0)
  assert.equal(slight!.state, 'suspect')
  slight = stepIdentity(slight, SLIGHT, 10_000)
  assert.equal(slight!.state, 'suspect')
  assert.equal(stepIdentity(slight, null, 15_000), null, 'a fast market is over soon')
  slight = stepIdentity(slight, SLIGHT, 20_000)
  assert.deepEqual([slight!.state, slight!.since], ['quarantined', 20_000])
  let agreeing = stepIdentity(slight, null, 30_000)
  assert.equal(agreeing!.state, 'quarantined')
  agreeing = stepIdentity(agreeing, null, 30_000 + 10 * MINUTE - 1)
  assert.equal(agreeing!.state, 'quarantined')
  assert.equal(stepIdentity(agreeing, null, 30_000 + 10 * MINUTE), null)
  const again = stepIdentity(agreeing, SLIGHT, 40_000)
  assert.equal(again!.agreesSince, null, 'the ten minutes begin anew')
})

test('where there is nothing to judge by nothing changes', () => {
  const held = stepIdentity(null, { reason: 'no_majority', ratio: 50 }, 0)
  assert.equal(stepIdentity(held, undefined, 100 * MINUTE), held)
  assert.equal(stepIdentity(null, undefined, 0), null)
})
