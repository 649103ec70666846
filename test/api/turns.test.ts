import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pageByName } from '../../src/api/operations/reference.ts'
import { mapInTurns } from '../../src/api/turns.ts'
import { fingerprintOf } from '../../src/contract/cursor.ts'

test('a long list lets whoever waits have a turn before it is made, and keeps its order', async () => {
  let made = 0
  const seen: number[] = []
  const waiting = setInterval(() => seen.push(made), 0)
  const rows = Array.from({ length: 6 }, (_, index) => index)
  const views = await mapInTurns(rows, (row) => {
    const begunMs = performance.now()
    while (performance.now() - begunMs < 11) {}
    made += 1
    return 2 * row
  })
  clearInterval(waiting)
  assert.deepEqual(views, [0, 2, 4, 6, 8, 10])
  assert.ok(
    seen.some((count) => count > 0 && count < rows.length),
    `others had their turn after ${seen}`
  )
})

test('pages by name, one after the other, are all names in order', () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 60 })
  fc.assert(
    fc.property(names, fc.integer({ min: 1, max: 9 }), (all, limit) => {
      const fingerprint = fingerprintOf('/v1/x', {})
      const found: string[] = []
      let cursor: string | undefined
      do {
        const { page, next } = pageByName(all, (name) => name, { values: { cursor, limit }, fingerprint })
        found.push(...page)
        cursor = next ?? undefined
      } while (cursor !== undefined)
      assert.deepEqual(found, all.toSorted())
    })
  )
})
