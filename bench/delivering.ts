import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/clock.ts'
import { openSender } from '../src/webhooks/send.ts'
import { createSecret } from '../src/webhooks/signature.ts'
import { startChild } from './child.ts'
import { type Figure, inTurn } from './figure.ts'
import { needTool, wrk } from './tools.ts'

const RUNS = 5
const POSTS = 8_000
const AT_ONCE = 32
const BODY = JSON.stringify({
  type: 'signal.opened',
  timestamp: '2026-11-25T08:00:00.000Z',
  sequence: 1,
  data: { text: 'x'.repeat(500) }
})

/** Signed webhooks as the service sends them, against wrk posting the same body to the same receiver. */
export async function measureDelivering(): Promise<Figure[]> {
  needTool('wrk')
  await using sink = await startChild('sink-process.ts')
  const folder = await mkdtemp(join(tmpdir(), 'contango-post-'))
  const script = join(folder, 'post.lua')
  await writeFile(
    script,
    `wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.body = ${JSON.stringify(BODY)}\n`
  )
  const sender = openSender({ policy: 'allow', clock: systemClock })
  const secrets = [createSecret()] as [string]
  const never = new AbortController().signal
  const ours = async () => {
    let next = 0
    const startedAt = performance.now()
    const courier = async () => {
      while (next < POSTS) {
        next += 1
        const { outcome, message } = await sender.send(
          { id: `msg_${next}`, url: `${sink.first}/hook`, body: BODY, secrets },
          never
        )
        if (outcome !== 'delivered') throw new Error(`a webhook was ${outcome}: ${message}`)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, courier))
    return (POSTS / (performance.now() - startedAt)) * 1_000
  }
  try {
    await ours()
    const yardstick = async () =>
      (await wrk(`${sink.first}/hook`, { seconds: 2, connections: AT_ONCE, script })).perSecond
    const measured = await inTurn(RUNS, ours, yardstick)
    return [
      {
        name: 'signed webhooks',
        unit: 'POST/s',
        ours: measured.ours,
        yardstick: { name: 'wrk, the same body and receiver', value: measured.yardstick },
        ratio: measured.ours / measured.yardstick,
        goal: { atLeast: 0.35 },
        runs: RUNS
      }
    ]
  } finally {
    await sender.close()
    await rm(folder, { recursive: true, force: true })
  }
}
