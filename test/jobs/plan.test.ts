import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type CallMemory, planSweep } from '../../src/jobs/plan.ts'
import { weightOf } from '../../src/venues/capability.ts'
import { ADAPTERS, findAdapter } from '../../src/venues/registry.ts'
import type { Call } from '../../src/venues/venue.ts'

const binance = findAdapter('binance')!
const T = Date.UTC(2026, 10, 25, 12)
const remembering = (answeredAt: ReadonlyMap<string, number>): CallMemory => ({ answeredAt, failing: new Map() })
const names = (calls: readonly Call[]) => calls.map(({ name }) => name)
const busyMs = (venue: string, calls: readonly Call[]) => calls.reduce((sum, call) => sum + weightOf(venue, call), 0)

test('with room in a poll everything that is due is asked, prices first', () => {
  const { now, slow } = planSweep(binance, remembering(new Map()), T, 10_000)
  assert.equal(names(now).filter((name) => name.endsWith('quotes')).length, 3)
  assert.deepEqual(names(slow), [
    'spot last prices and volume',
    'linear last prices and volume',
    'inverse last prices and volume'
  ])
  assert.ok([...now, ...slow].every(({ reach }) => reach === 'bulk'))
})

test('without room one slow call is asked at a time, the one that has waited longest, until all were', () => {
  const answeredAt = new Map<string, number>()
  const asked = [0, 1, 2].flatMap((poll) => {
    const { now, slow } = planSweep(binance, remembering(answeredAt), T + poll * 1_000, 1_000)
    assert.equal(names(now).filter((name) => name.endsWith('quotes')).length, 3, 'prices never wait')
    for (const call of [...now, ...slow]) answeredAt.set(call.name, T + poll * 1_000)
    return names(slow)
  })
  assert.equal(new Set(asked).size, 3)
  assert.deepEqual(planSweep(binance, remembering(answeredAt), T + 3_000, 1_000).slow, [])
  const first = planSweep(binance, remembering(answeredAt), T + 60_000, 1_000).slow
  assert.deepEqual(names(first), asked.slice(0, 1))
})

test('whatever was answered when, no more than one slow call is asked beyond what the venue’s pace has room for', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ADAPTERS),
      fc.array(fc.integer({ min: 0, max: 900_000 }), { minLength: 20, maxLength: 20 }),
      fc.integer({ min: 200, max: 20_000 }),
      (adapter, ages, pollMs) => {
        const answeredAt = new Map(adapter.calls.map(({ name }, index) => [name, T - ages[index % ages.length]!]))
        const { now, slow } = planSweep(adapter, remembering(answeredAt), T, pollMs)
        const others = busyMs(adapter.id, [...now, ...slow.slice(1)]) + (slow[0] ? weightOf(adapter.id, slow[0]) : 0)
        assert.ok(slow.length <= 1 || others <= pollMs)
        assert.ok(adapter.calls.every((call) => call.cadence !== 'poll' || now.includes(call)))
      }
    )
  )
})

test('a call that always fails goes to the end of the line and is asked ever more seldom, five minutes apart at the most', () => {
  const [broken, ...others] = names(planSweep(binance, remembering(new Map()), T, 10_000).slow)
  const answeredAt = new Map<string, number>()
  const failing = new Map<string, { failures: number; at: number }>()
  const asked = new Map<string, number[]>()
  for (let tickAt = T; tickAt < T + 40 * 60_000; tickAt += 1_000) {
    for (const { name } of planSweep(binance, { answeredAt, failing }, tickAt, 1_000).slow) {
      asked.set(name, [...(asked.get(name) ?? []), tickAt])
      if (name !== broken) answeredAt.set(name, tickAt)
      else failing.set(name, { failures: (failing.get(name)?.failures ?? 0) + 1, at: tickAt })
    }
  }
  for (const name of others) {
    const times = asked.get(name)!
    const waits = times.slice(1).map((at, index) => at - times[index]!)
    assert.ok(Math.max(...waits) <= 65_000, `${name} waits ${Math.max(...waits)} ms`)
  }
  const tries = asked.get(broken!)!
  assert.ok(tries.length < 20, `${tries.length} tries`)
  assert.ok(tries.at(-1)! - tries.at(-2)! >= 300_000 && tries.at(-1)! - tries.at(-2)! < 310_000)
})
