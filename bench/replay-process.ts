import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../src/clock.ts'
import { postedParams } from '../src/sim/posted.ts'
import { startSim } from '../src/sim/server.ts'

// The simulated exchanges with every answer rendered once: later ones are the same bytes with their times moved on, so that what is
// measured is the service and not the simulator. Prints its addresses; `GET /asked` on any of them tells what has been asked since.

const DAY_MS = 86_400_000
const sim = await startSim({ seed: 7, clock: systemClock })

/** A body cut at the times in it. */
type Rendered = {
  readonly texts: readonly string[]
  readonly times: readonly number[]
  readonly at: number
  readonly type: string
}
const kept = new Map<string, Promise<Rendered>>()
let asked: { url: string; body: string }[] = []

async function render(url: string, method: string, posted: string): Promise<Rendered> {
  const answer = await fetch(url, { method, ...(posted === '' ? {} : { body: posted }) })
  const at = Date.now()
  const text = await answer.text()
  const texts: string[] = []
  const times: number[] = []
  let from = 0
  for (const found of text.matchAll(/\b1[78]\d{11}\b/g)) {
    if (Math.abs(Number(found[0]) - at) > DAY_MS) continue
    texts.push(text.slice(from, found.index))
    times.push(Number(found[0]))
    from = found.index + found[0].length
  }
  texts.push(text.slice(from))
  return { texts, times, at, type: answer.headers.get('content-type') ?? 'application/json' }
}

function bytesOf({ texts, times, at }: Rendered): string {
  const passedMs = Date.now() - at
  let text = texts[0]!
  for (const [index, time] of times.entries()) text += `${time + passedMs}${texts[index + 1]}`
  return text
}

const urls: Record<string, string> = {}
for (const [venue, origin] of Object.entries(sim.urls)) {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const posted = Buffer.concat(chunks).toString()
    if (request.url === '/asked') {
      response.end(JSON.stringify(asked))
      asked = []
      return
    }
    // Questions about the past differ by their times: those are not the same question.
    const key = `${venue} ${request.url}?${posted === '' ? '' : postedParams(posted)}`
    const rendered = kept.get(key) ?? render(origin + request.url, request.method ?? 'GET', posted)
    kept.set(key, rendered)
    asked.push({ url: `${urls[venue]}${request.url}`, body: posted })
    const known = await rendered
    response.writeHead(200, { 'content-type': known.type }).end(bytesOf(known))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  urls[venue] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
console.log(JSON.stringify(urls))
