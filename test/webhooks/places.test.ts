import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SECOND } from '../../src/domain/time.ts'
import { createPlaces, type Due, PER_SUBSCRIPTION_MAX, PLACES, PROMPT_MS } from '../../src/webhooks/places.ts'
import { manualClock } from '../api/fixture.ts'

const answered = (durationMs = 50) => ({ outcome: 'delivered', durationMs }) as const
const silent = { outcome: 'timeout', durationMs: 15 * SECOND } as const
const someOf = (name: string, count: number, isFailing = false): Due[] =>
  Array.from({ length: count }, (_, index) => ({ id: `${name}${index}`, isFailing }))
const sumOf = (shares: ReadonlyMap<string, number>) => [...shares.values()].reduce((sum, count) => sum + count, 0)

/** Places with the tries that begin in them. */
function anOffice() {
  const clock = manualClock()
  const places = createPlaces(clock)
  const begin = (due: readonly Due[]) =>
    [...places.share(due)].flatMap(([id, count]) => Array.from({ length: count }, () => ({ id, end: places.take(id) })))
  return { clock, places, begin }
}

test('who is not known gets one try, who has answered sixteen, and who has not answered one again', () => {
  const { begin } = anOffice()
  const due = someOf('a', 1)
  const [first] = begin(due)
  assert.deepEqual(begin(due), [])
  first!.end(answered())
  const many = begin(due)
  assert.equal(many.length, PER_SUBSCRIPTION_MAX)
  for (const { end } of many) end(silent)
  assert.equal(begin(due).length, 1)
})

test('a try that was cut says nothing of its subscription', () => {
  const { begin } = anOffice()
  const due = someOf('a', 1)
  begin(due)[0]!.end(answered())
  for (const { end } of begin(due)) end(null)
  assert.equal(begin(due).length, PER_SUBSCRIPTION_MAX)
})

test('whoever takes long leaves the places of the prompt, by answering late or by not having answered yet', () => {
  const { begin, clock } = anOffice()
  const late = someOf('late', 20)
  for (const { end } of begin(late)) end(answered(PROMPT_MS + 1))
  assert.equal(begin(late).length, PLACES.slow, 'they answer, so each may have several')
  const waiting = someOf('waiting', 300)
  assert.equal(begin(waiting).length, PLACES.prompt)
  const healthy = someOf('healthy', 1)
  assert.equal(begin(healthy).length, 0)
  clock.advance(PROMPT_MS + 1)
  assert.equal(begin(healthy).length, 1)
})

test('each gets one before any gets two, and whose turn is longest ago comes first', () => {
  const { begin } = anOffice()
  const due = someOf('a', 300)
  const served = new Map<string, number>()
  const rounds = 60
  for (let round = 0; round < rounds; round += 1) {
    for (const { id, end } of begin(due)) {
      served.set(id, (served.get(id) ?? 0) + 1)
      end(answered())
    }
  }
  const counts = due.map(({ id }) => served.get(id) ?? 0)
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${Math.min(...counts)} to ${Math.max(...counts)}`)
  assert.equal(sumOf(served), rounds * PLACES.prompt)
})

test('whatever happens, places are not overrun and who answers promptly is never without one for longer than a try is prompt', () => {
  const step = fc.record({
    slow: fc.nat(400),
    failing: fc.nat(400),
    ending: fc.nat(100),
    advanceMs: fc.nat(5 * SECOND)
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const { begin, clock } = anOffice()
      const healthy = someOf('healthy', 1)
      begin(healthy)[0]!.end(answered())
      const held: ReturnType<typeof begin> = []
      for (const { slow, failing, ending, advanceMs } of steps) {
        const begun = begin([...someOf('slow', slow), ...someOf('failing', failing, true)])
        assert.ok(begun.length <= PLACES.prompt + PLACES.slow)
        held.push(...begun)
        for (const { end } of held.splice(0, ending)) end(silent)
        clock.advance(advanceMs)
        const perSubscription = Map.groupBy(held, ({ id }) => id)
        assert.ok(
          [...perSubscription.values()].every((tries) => tries.length === 1),
          'one each, since none has answered'
        )
        if (advanceMs <= PROMPT_MS) continue
        const tries = begin(healthy)
        assert.equal(tries.length, PER_SUBSCRIPTION_MAX)
        for (const { end } of tries) end(answered())
      }
    }),
    { numRuns: 100 }
  )
})
