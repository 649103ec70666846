/** Answers under load, counted by what matters: who asked must be told, soon, and when to come again. */
export type Hammer = {
  readonly counts: Readonly<Record<string, number>>
  /** Every answer that was neither 200 nor a 503 with Retry-After. */
  readonly wrong: readonly string[]
  /** The slowest answer. */
  readonly slowestMs: number
  stop(): Promise<void>
}

/** An answer that has not come by then never will. */
const HANGS_MS = 60_000

/** Asks these over and over, one request of each at a time, until it is stopped. */
export function startHammer(urls: readonly string[]): Hammer {
  const counts: Record<string, number> = {}
  const wrong: string[] = []
  let isStopped = false
  const hammer = { counts, wrong, slowestMs: 0, stop: async () => {} }
  const ask = async (url: string) => {
    while (!isStopped) {
      const startedAt = performance.now()
      const told = await fetch(url, { signal: AbortSignal.timeout(HANGS_MS) }).then(
        async (answer) => ({
          status: answer.status,
          retry: answer.headers.get('retry-after'),
          text: await answer.text()
        }),
        (error: unknown) => ({ status: 0, retry: null, text: String(error) })
      )
      hammer.slowestMs = Math.max(hammer.slowestMs, performance.now() - startedAt)
      counts[told.status] = (counts[told.status] ?? 0) + 1
      const isRight = told.status === 200 || (told.status === 503 && told.retry !== null)
      if (!isRight) wrong.push(`${url}: ${told.status} ${told.text.slice(0, 200)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const asking = urls.map(ask)
  hammer.stop = async () => {
    isStopped = true
    await Promise.all(asking)
  }
  return hammer
}
