import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  areNearIndices,
  areOneThing,
  areRatesOfOneUnit,
  isMovePlausible,
  isNearIndex,
  isRatePlausible,
  type RateCase
} from '../../src/domain/plausibility.ts'

const NOW = Date.UTC(2026, 10, 22)
const before = { price: 100, observedAt: NOW - 10_000 }

test('a price within a fifth of the last one is taken at once, a further one when the next poll agrees', () => {
  assert.ok(isMovePlausible(119, before, undefined, NOW))
  assert.ok(isMovePlausible(84, before, undefined, NOW))
  assert.ok(!isMovePlausible(75, before, undefined, NOW))
  assert.ok(isMovePlausible(72, before, 75, NOW), 'a crash that goes on')
  assert.ok(!isMovePlausible(50, before, 75, NOW), 'two polls that disagree')
})

test('a tenfold price is not taken however often it is said, until there is nothing left to compare it with', () => {
  assert.ok(!isMovePlausible(1_000, before, 1_000, NOW))
  assert.ok(!isMovePlausible(10, before, 10, NOW))
  assert.ok(isMovePlausible(1_000, { ...before, observedAt: NOW - 301_000 }, undefined, NOW))
  assert.ok(isMovePlausible(1_000, null, undefined, NOW))
})

test('a mark a fifth off its index is not a mark, and a coin 3 % off its index is not that coin', () => {
  assert.ok(areOneThing(119, 100) && areOneThing(null, 100) && areOneThing(84, 100))
  assert.ok(!areOneThing(1_000, 100) && !areOneThing(10, 100))
  assert.ok(isNearIndex(102.9, 100) && !isNearIndex(103.1, 100) && !isNearIndex(96, 100))
})

test('half of the coins off their indices is an old answer; one coin is that coin', () => {
  const pair = (price: number): readonly [number, number] => [price, 100]
  assert.ok(areNearIndices([pair(100.1), pair(99.9), pair(103)]))
  assert.ok(!areNearIndices([pair(101), pair(99), pair(100)]))
  assert.ok(areNearIndices([pair(150), pair(50)]), 'two tell nothing')
})

const rate = (changes: Partial<RateCase>): boolean =>
  isRatePlausible({ rate: 0.0001, intervalHours: 8, cap: null, floor: null, premium: null, before8h: null, ...changes })

test('a rate is held to the bounds of its venue, and to 5 % per 8 h where it has none', () => {
  assert.ok(rate({}) && rate({ rate: 0 }) && rate({ rate: -0.005 }))
  assert.ok(rate({ rate: 0.003, cap: 0.003, floor: -0.003 }) && !rate({ rate: 0.01, cap: 0.003, floor: -0.003 }))
  assert.ok(!rate({ rate: -0.01, cap: 0.003, floor: -0.003 }))
  assert.ok(!rate({ rate: 0.06, premium: 0.06 }))
  assert.ok(rate({ rate: 0.01, intervalHours: 1, premium: 0.02, before8h: 0.06, cap: 0.04, floor: -0.04 }))
})

test('a rate a hundred times the last one needs a premium of its size', () => {
  assert.ok(!rate({ rate: 0.01, before8h: 0.0001, premium: 0.0003 }))
  assert.ok(rate({ rate: 0.01, before8h: 0.0001, premium: 0.02 }))
  assert.ok(!rate({ rate: 0.01, before8h: 0.0001, premium: -0.02 }))
  assert.ok(rate({ rate: 0.01, before8h: 0.009 }), 'one that has grown')
  assert.ok(!rate({ rate: 0.01 }), 'nothing speaks for it')
})

test('all rates ten times what they were is a change of unit; a market that moves is none', () => {
  const rates = [0.0001, 0.00005, -0.0002, 0.000012]
  const times = (factor: number) => rates.map((value): readonly [number, number] => [value * factor, value])
  assert.ok(areRatesOfOneUnit(times(1)) && areRatesOfOneUnit(times(-2)) && areRatesOfOneUnit(times(5)))
  assert.ok(!areRatesOfOneUnit(times(100)) && !areRatesOfOneUnit(times(0.01)))
  assert.ok(areRatesOfOneUnit([]))
  assert.ok(!areRatesOfOneUnit(times(0)), 'fields that were not filled')
  const oneEmptied = times(1).map(([now, before], index) => [index === 0 ? 0 : now, before] as const)
  assert.ok(areRatesOfOneUnit(oneEmptied), 'a rate of 0 is a rate')
})
