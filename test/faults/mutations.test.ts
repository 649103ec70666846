import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { startSim } from '../../src/sim/server.ts'
import { ADAPTERS } from '../../src/venues/registry.ts'
import { changedSymbols, JUNK, mutation, takeMutated } from './mutations.ts'
import { recordVenue } from './recordings.ts'

/** `scripts/mutate-bodies.ts` asks for more. */
const RUNS = Number(process.env.MUTATED_BODIES ?? 2_000)
const NOW = Date.UTC(2026, 10, 22, 20, 7, 23, 400)

for (const adapter of ADAPTERS) {
  test(`${RUNS} broken bodies of ${adapter.id}: right rows or a reason, never an exception, never a wrong number`, async () => {
    const sim = await startSim({ seed: 7, clock: { now: () => NOW } })
    const recorded = await recordVenue(adapter, sim, NOW)
    await sim.close()
    const counts = { rows: 0, refused: 0 }
    for (const each of recorded) {
      assert.equal(await takeMutated(each, [], NOW), 'rows', `${each.name} as it should be`)
      const property = fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
        counts[await takeMutated(each, mutations, NOW)] += 1
      })
      await fc.assert(property, { numRuns: Math.ceil(RUNS / recorded.length) })
    }
    assert.ok(counts.rows + counts.refused >= RUNS && counts.rows > 0 && counts.refused > 0, JSON.stringify(counts))
  })
}

for (const adapter of ADAPTERS) {
  test(`one broken figure in a row of ${adapter.id} costs that row, and no other`, async () => {
    const sim = await startSim({ seed: 7, clock: { now: () => NOW } })
    const recorded = await recordVenue(adapter, sim, NOW)
    await sim.close()
    let changed = 0
    for (const each of recorded.filter(({ call }) => call !== 'markets')) {
      const property = fc.asyncProperty(fc.nat(1_000_000), fc.constantFrom(...JUNK), async (place, value) => {
        const symbols = await changedSymbols(each, place, value, NOW)
        changed += symbols.length
        // An index is of every contract on its coin.
        if (!/index/.test(each.name)) assert.ok(symbols.length <= 1, `${each.name}: ${symbols.join(', ')}`)
      })
      await fc.assert(property, { numRuns: 100 })
    }
    assert.ok(changed > 0)
  })
}
