import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOUR, MINUTE, SECOND } from '../../src/domain/time.ts'
import { nextLookAt } from '../../src/jobs/settlement-looks.ts'

const T = Date.UTC(2026, 0, 1)
const due = T + 8 * HOUR

test('a settlement that has come is looked at once more after five minutes, and the next one 30 s after it is due', () => {
  assert.equal(nextLookAt(T, due, T + 31 * SECOND), T + 5 * MINUTE)
  assert.equal(nextLookAt(T, due, T + 5 * MINUTE), due + 30 * SECOND)
  assert.equal(nextLookAt(T, due, due - SECOND), due + 30 * SECOND)
})

test('one that is late is asked for every minute until five minutes, then ever more rarely, and at least every quarter of an hour', () => {
  let nowMs = due + 30 * SECOND
  const looks: number[] = []
  for (let n = 0; n < 14; n += 1) {
    nowMs = nextLookAt(T, due, nowMs)
    looks.push((nowMs - due) / SECOND)
  }
  assert.deepEqual(looks.slice(0, 8), [90, 150, 210, 270, 300, 600, 1_200, 2_100])
  assert.equal(looks.at(-1)! - looks.at(-2)!, 900)
})
