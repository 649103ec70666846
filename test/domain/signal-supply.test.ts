import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { shortagesOf } from '../../src/domain/signal-supply.ts'
import { BUCKET_MS, BUCKET_PARAMETERS } from '../../src/domain/signal-types.ts'
import { floorTo, SECOND } from '../../src/domain/time.ts'
import { runBuckets } from '../../src/jobs/buckets.ts'
import { silentLog, testConfig } from '../support/line.ts'

const USUAL = {
  pollMs: 10 * SECOND,
  storeMs: 60 * SECOND,
  depth: { contracts: 10, everyMs: 60 * SECOND },
  bucketParameters: BUCKET_PARAMETERS
}
const told = (supply: Partial<typeof USUAL>) =>
  shortagesOf({ ...USUAL, ...supply }).map(({ type, setting, reason, isWhole }) => [type, setting, reason, isWhole])

test('usual settings leave no type without facts', () => {
  assert.deepEqual(shortagesOf(USUAL), [])
})

test('a type is told to lack facts exactly where buckets of what is observed so rarely are never enough in a row', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_200 }), fc.integer({ min: 1, max: 6 }), (seconds, persist) => {
      const everyMs = seconds * SECOND
      const buckets = new Set(Array.from({ length: 2_000 }, (_, tick) => floorTo(tick * everyMs, BUCKET_MS)))
      let [row, longest] = [0, 0]
      for (let bucket = 0; bucket < 1_999 * everyMs; bucket += BUCKET_MS) {
        row = buckets.has(bucket) ? row + 1 : 0
        longest = Math.max(longest, row)
      }
      const stablecoin_depeg = { ...BUCKET_PARAMETERS.stablecoin_depeg, persist }
      const short = told({ storeMs: everyMs, bucketParameters: { ...BUCKET_PARAMETERS, stablecoin_depeg } })
      assert.equal(
        short.some(([type]) => type === 'stablecoin_depeg'),
        longest < persist
      )
    })
  )
})

test('whichever of polling and storing is rarer is named, no books are none for thinning and carry, and old quotes are none for carry across currencies', () => {
  assert.deepEqual(told({ storeMs: 120 * SECOND }), [['carry_opportunity', 'STORE_SECONDS', 'quotes_too_old', false]])
  const polled = told({ pollMs: 600 * SECOND })
  assert.deepEqual(polled[0], ['basis_dislocation', 'POLL_SECONDS', 'observed_too_rarely', true])
  assert.ok(polled.some(([type]) => type === 'venue_trouble'))
  assert.deepEqual(told({ depth: { contracts: 0, everyMs: 60 * SECOND } }), [
    ['liquidity_thinning', 'DEPTH_CONTRACTS', 'no_books', true],
    ['carry_opportunity', 'DEPTH_CONTRACTS', 'no_books', true]
  ])
  assert.deepEqual(told({ depth: { contracts: 10, everyMs: 600 * SECOND } }), [
    ['liquidity_thinning', 'DEPTH_SECONDS', 'books_too_rarely', true]
  ])
  assert.equal(told({ depth: { contracts: 10, everyMs: 900 * SECOND } }).length, 2)
})

test('a process that evaluates signals logs at start what its settings leave without facts', async () => {
  const warned: string[] = []
  const log = { ...silentLog, warn: (_: object, name: string) => warned.push(name) } as unknown as typeof silentLog
  const config = { ...testConfig(), depth: { contracts: 0, everyMs: 60 * SECOND } }
  await runBuckets({ config, log } as Parameters<typeof runBuckets>[0], AbortSignal.abort())
  assert.deepEqual(warned, ['signals.without_facts', 'signals.without_facts'])
})
