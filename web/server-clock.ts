/** An answer's time may be a second older than the answer; what says more is believed this long. */
const BELIEVED_MS = 60_000

export type ServerClock = {
  /** Takes the time in an answer that has just arrived. */
  hear(asOf: string): void
  /** The server's time now, as well as it is known. */
  now(): number
}

/** The server's time, by which ages are reckoned: this machine's clock may be wrong. */
export function serverClock(): ServerClock {
  let aheadMs: number | undefined
  let heardAtMs = 0
  return {
    hear: (asOf) => {
      const localMs = Date.now()
      const heardMs = Date.parse(asOf) - localMs
      if (Number.isNaN(heardMs)) return
      if (aheadMs === undefined || heardMs >= aheadMs || Math.abs(localMs - heardAtMs) > BELIEVED_MS) {
        aheadMs = heardMs
        heardAtMs = localMs
      }
    },
    now: () => Date.now() + (aheadMs ?? 0)
  }
}
