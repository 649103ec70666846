import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DAY, HOUR } from '../../src/domain/time.ts'
import { hitRecord, INDEPENDENT_MIN, isHit, type Trial } from '../../src/domain/track-record.ts'

const trial = (subject: string, day: number, isHitting: boolean, days = 1): Trial => ({
  subject,
  at: day * DAY,
  until: (day + days) * DAY,
  isHit: isHitting
})
const many = (count: number, isHitting: (day: number) => boolean) =>
  Array.from({ length: count }, (_, day) => trial('a', day, isHitting(day)))

test('a hit is what the type claims: nearer to the usual, still worth it, or given back', () => {
  const signed = { exit: 0.04, isRatio: false }
  assert.equal(isHit('back', { ...signed, opened: 30, later: 10 }), true)
  assert.equal(isHit('back', { ...signed, opened: -30, later: -31 }), false)
  assert.equal(isHit('back', { ...signed, opened: 30, later: 30 }), false)
  assert.equal(isHit('back', { exit: 0.6, isRatio: true, opened: 0.3, later: 0.9 }), true)
  assert.equal(isHit('back', { exit: 0.6, isRatio: true, opened: 0.3, later: 0.1 }), false)
  assert.equal(isHit('still', { ...signed, opened: 0.09, later: 0.04 }), true)
  assert.equal(isHit('still', { ...signed, opened: 0.09, later: 0.039 }), false)
  assert.equal(isHit('given_back', { ...signed, opened: 0.3, later: -0.01 }), true)
  assert.equal(isHit('given_back', { ...signed, opened: -0.3, later: -0.01 }), false)
})

test('below thirty independent outcomes there is no rate, from there on one with Wilson’s interval', () => {
  const few = hitRecord(many(INDEPENDENT_MIN - 1, () => true))
  assert.deepEqual([few.independent, few.hits, few.rate, few.verdict], [29, 29, null, 'insufficient'])
  const half = hitRecord(many(30, (day) => day % 2 === 0))
  assert.deepEqual([half.rate, half.verdict], [0.5, 'not_distinguishable'])
  // Of 24 of 30 by Wilson’s formula with z = 1.959964.
  const good = hitRecord(many(30, (day) => day % 5 !== 0))
  assert.ok(Math.abs(good.low! - 0.6269) < 1e-4 && Math.abs(good.high! - 0.9049) < 1e-4, `${good.low} ${good.high}`)
  assert.equal(good.verdict, 'above_half')
  assert.equal(hitRecord(many(30, () => false)).verdict, 'below_half')
})

test('what overlaps is one outcome: a hundred contracts that move at once prove no more than one', () => {
  const crowd = Array.from({ length: 100 }, (_, index) => ({
    ...trial(`s${index}`, 0, index < 75),
    at: (index * HOUR) / 10
  }))
  const { independent, hits } = hitRecord(crowd)
  assert.deepEqual([independent, hits], [1, 0.75])
  const again = [trial('a', 0, true, 2), trial('a', 1, false, 2), trial('a', 2, true, 2)]
  assert.deepEqual(
    [hitRecord(again).independent, hitRecord(again).hits],
    [2, 2],
    'the second began before the first was over'
  )
})

test('a stretch lasts as long as the longest in it: what begins meanwhile proves nothing more', () => {
  const long = [trial('a', 0, true), { ...trial('b', 0, false, 40), at: HOUR }]
  const meanwhile = Array.from({ length: 38 }, (_, day) => trial('a', day + 1, true))
  assert.equal(hitRecord([...long, ...meanwhile]).independent, 1)
  assert.equal(hitRecord([...long, trial('a', 40, true)]).independent, 2, 'from its end on another begins')
})

test('the record does not depend on the order, and never claims more outcomes than there are, nor a rate out of its interval', () => {
  const trials = fc.array(
    fc
      .tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(400), fc.boolean())
      .map(([subject, day, hit]) => trial(subject, day, hit, 3)),
    { maxLength: 200 }
  )
  fc.assert(
    fc.property(trials, (all) => {
      const distinct = [...new Map(all.map((one) => [`${one.subject} ${one.at}`, one])).values()]
      const seen = hitRecord(distinct)
      assert.deepEqual(hitRecord(distinct.toReversed()), seen)
      assert.ok(seen.independent <= distinct.length && seen.hits <= seen.independent + 1e-9)
      if (seen.rate !== null) assert.ok(seen.low! <= seen.rate && seen.rate <= seen.high!)
    })
  )
})
