import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { updatesOf } from '../../src/domain/signal-updates.ts'

const pathOf = (values: readonly number[]) => values.map((value, index) => ({ at: index + 1, value }))

test('a signal is told of again where it has moved far enough from what was told last, not from what came last', () => {
  assert.deepEqual(updatesOf(0.13, pathOf([0.17, 0.06]), 0.03), [
    { at: 1, value: 0.17, peakValue: 0.17 },
    { at: 2, value: 0.06, peakValue: 0.17 }
  ])
  assert.deepEqual(
    updatesOf(0.1, pathOf([0.11, 0.12, 0.13, 0.14]), 0.03).map(({ at }) => at),
    [3]
  )
  assert.deepEqual(
    updatesOf(-0.0003, pathOf([-0.0004]), 0.0001).length,
    1,
    'a difference that binary makes a little less'
  )
})

test('the same path gives the same updates in any pieces, and none are nearer than they may be', () => {
  const path = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 40 }).map(pathOf)
  fc.assert(
    fc.property(fc.double({ min: -1, max: 1, noNaN: true }), path, fc.nat(40), (opening, points, cut) => {
      const all = updatesOf(opening, points, 0.2)
      const first = updatesOf(opening, points.slice(0, cut), 0.2)
      assert.deepEqual(all.slice(0, first.length), first)
      let told = opening
      for (const { value } of all) {
        assert.ok(Math.abs(value - told) >= 0.2 - 1e-9)
        told = value
      }
    })
  )
})
