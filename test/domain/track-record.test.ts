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

/** By hand, in days: [subject, at, until, hit], and [independent, hits] of them. Spec 3.7. */
const CLUSTERS: readonly [string, readonly (readonly [string, number, number, 0 | 1])[], readonly [number, number]][] =
  [
    ['nothing', [], [0, 0]],
    [
      'one after the other',
      [
        ['a', 0, 2, 1],
        ['a', 2, 4, 0],
        ['a', 4, 6, 1]
      ],
      [3, 2]
    ],
    [
      'one a horizon of each subject',
      [
        ['a', 0, 2, 1],
        ['a', 1, 3, 0],
        ['a', 1.9, 3.9, 0],
        ['a', 2, 4, 1]
      ],
      [2, 2]
    ],
    [
      'at once',
      [
        ['a', 0, 2, 1],
        ['b', 0, 2, 0],
        ['c', 0, 2, 0],
        ['d', 0, 2, 1]
      ],
      [1, 0.5]
    ],
    [
      'before the first is over',
      [
        ['a', 0, 2, 1],
        ['b', 1.5, 3.5, 0]
      ],
      [1, 0.5]
    ],
    [
      'as the first is over',
      [
        ['a', 0, 2, 1],
        ['b', 2, 4, 0]
      ],
      [2, 1]
    ],
    [
      'a chain of overlaps is not one',
      [
        ['a', 0, 2, 1],
        ['b', 1, 3, 1],
        ['a', 2, 4, 0],
        ['b', 3, 5, 1]
      ],
      [2, 1.5]
    ],
    [
      'nor does a long one hold the others',
      [
        ['a', 0, 1, 1],
        ['b', 0.5, 40, 0],
        ['a', 1, 2, 1],
        ['a', 2, 3, 1]
      ],
      [3, 2.5]
    ],
    [
      'of two at once the shorter is the first',
      [
        ['b', 0, 1, 1],
        ['a', 0, 3, 1],
        ['c', 1, 2, 0]
      ],
      [2, 1]
    ]
  ]
for (const [what, rows, expected] of CLUSTERS) {
  test(`outcomes of one horizon are one cluster, and the next begins when the first of it is over: ${what}`, () => {
    const trials = rows.map(([subject, at, until, hit]) => ({
      subject,
      at: at * DAY,
      until: until * DAY,
      isHit: hit === 1
    }))
    for (const order of [trials, trials.toReversed()]) {
      const { independent, hits } = hitRecord(order)
      assert.deepEqual([independent, hits], expected)
    }
  })
}

test('clusters of one horizon begin at least that far apart, and of no subject two outcomes are in one', () => {
  const begun = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.nat(60)), { maxLength: 120 })
  fc.assert(
    fc.property(begun, (all) => {
      const trials = [...new Map(all.map((one) => [one.join(), trial(one[0], one[1], true, 3)])).values()]
      const { independent, hits } = hitRecord(trials)
      assert.ok(independent <= Math.ceil(61 / 3), 'no more than the time has room for')
      assert.equal(hits, independent)
      const days = [...new Set(all.map(([, day]) => day))].sort((a, b) => a - b)
      // Greedy from the left: as many as do not overlap.
      let [count, free] = [0, Number.NEGATIVE_INFINITY]
      for (const day of days) if (day >= free) [count, free] = [count + 1, day + 3]
      assert.ok(independent <= count)
    })
  )
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
