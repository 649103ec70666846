import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everyTick } from '../../src/jobs/grid.ts'

/** Runs `work` until it has been called so often; answers the grid times with the time of each call. */
async function runTicks(
  calls: number,
  stepMs: number,
  clock: { now(): number },
  work: (call: number) => Promise<void> = async () => {}
) {
  const stop = new AbortController()
  const asked: { tickAt: number; at: number }[] = []
  const failures: unknown[] = []
  await everyTick(
    { clock, stepMs, signal: stop.signal },
    async (tickAt) => {
      asked.push({ tickAt, at: clock.now() })
      if (asked.length === calls) stop.abort()
      await work(asked.length)
    },
    (error) => failures.push(error)
  )
  return { asked, failures }
}

test('who was frozen between two times wakes to the one that is running, and leaves out those that have passed', async () => {
  let frozenMs = 0
  const clock = { now: () => Date.now() + frozenMs }
  const { asked } = await runTicks(2, 200, clock, async () => {
    // As after SIGSTOP and SIGCONT: the wait for the next time ends late.
    setTimeout(() => {
      frozenMs = 60_000
    }, 0)
  })
  assert.ok(asked[1]!.at - asked[0]!.at >= 60_000)
  // Not the time that the freeze fell into, a minute before: how busy the machine is does not come near that.
  const lateMs = asked[1]!.at - asked[1]!.tickAt
  assert.ok(lateMs < 30_000, `asked ${lateMs} ms after its time`)
})

test('a time whose work failed is tried again while it lasts, not only at the next one', async () => {
  const { asked, failures } = await runTicks(2, 3_600_000, { now: () => Date.now() }, async (call) => {
    if (call === 1) throw new Error('the database is away')
  })
  assert.equal(failures.length, 1)
  assert.equal(asked[1]!.tickAt, asked[0]!.tickAt)
})
