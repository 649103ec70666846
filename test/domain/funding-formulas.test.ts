import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FORMULA_BREAKS, formulaVersionAt, settledFormulaVersion } from '../../src/domain/funding-formulas.ts'

test('a rate has the version of the formula that was in force at its time', () => {
  const versions = (venue: string, ...times: readonly string[]) =>
    times.map((time) => formulaVersionAt(venue, Date.parse(time)))
  assert.deepEqual(
    versions('binance', '2025-05-02T07:59:59.999Z', '2025-05-02T08:00Z', '2025-09-18T08:00Z', '2025-09-18T08:01Z'),
    [1, 2, 2, 3]
  )
  assert.deepEqual(
    versions('okx', '2024-03-04T23:59Z', '2024-03-05T00:00Z', '2026-05-28T00:00Z', '2026-05-29T00:00Z'),
    [1, 2, 2, 3]
  )
  assert.deepEqual(versions('gate', '2026-05-26T23:00Z', '2026-05-27T00:00Z'), [1, 2])
  assert.deepEqual(versions('bitmex', '2026-09-23T03:59Z', '2026-09-23T04:00Z'), [1, 2])
  assert.deepEqual(versions('bybit', '2020-01-01T00:00Z', '2026-11-25T00:00Z'), [1, 1])
})

test('what settles at the moment of a break was made by the old formula', () => {
  const at = Date.parse('2024-01-08T08:00Z')
  assert.deepEqual([settledFormulaVersion('htx', at), settledFormulaVersion('htx', at + 8 * 3_600_000)], [1, 2])
})

test('every break has its evidence, and a venue’s breaks are in the order of their times', () => {
  for (const { evidence, change, from } of FORMULA_BREAKS) {
    assert.ok(evidence.length > 0 && change.length > 0 && Number.isSafeInteger(from))
  }
  assert.deepEqual(
    [...FORMULA_BREAKS].sort((a, b) => a.from - b.from),
    FORMULA_BREAKS
  )
})
