import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fittingCalls } from '../../src/jobs/sweep.ts'
import { binance } from '../../src/venues/binance.ts'
import { weightOf } from '../../src/venues/capabilities.ts'

const slow = binance.calls.filter(({ facts }) => facts.includes('volume'))
const prompt = binance.calls.filter(({ cadence }) => cadence === 'poll')
const fit = (pollMs: number, askedAt: readonly number[] = []) => {
  const answeredAt = new Map(slow.flatMap(({ name }, index) => (askedAt[index] ? [[name, askedAt[index]!]] : [])))
  return fittingCalls('binance', prompt, slow, { memory: { answeredAt }, pollMs }).map(({ name }) => name)
}

test('slow calls are asked together only where the venue’s patience has room for them before the next poll', () => {
  const needed = [...prompt, ...slow].reduce((sum, call) => sum + weightOf('binance', call), 0)
  assert.deepEqual(
    fit(needed),
    slow.map(({ name }) => name)
  )
  assert.equal(fit(needed - 1).length, slow.length - 1)
})

test('one slow call goes at every sweep, the one that has waited longest first, so that each has its turn', () => {
  assert.deepEqual(fit(1_000), [slow[0]!.name])
  assert.deepEqual(fit(1_000, [3, 1, 2]), [slow[1]!.name])
  assert.deepEqual(fit(1_000, [3, 1]), [slow[2]!.name], 'one that was never asked is the longest waiting')
})
