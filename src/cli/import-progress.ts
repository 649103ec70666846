import type { Clock } from '../clock.ts'

export type Progress = {
  /** `share` of the phase that is done, 0 to 1. */
  update(phase: string, rows: number, share: number): void
  /** Clears the bar. */
  end(): void
}

export type ProgressOptions = {
  readonly clock: Clock
  readonly isTerminal: boolean
  /** A line, where there is no terminal. */
  readonly write: (line: string) => void
  /** Text without a line end, on a terminal. */
  readonly draw?: (text: string) => void
}

const REDRAW_MS = 100
const LINE_MS = 5_000
const BAR_WIDTH = 24

/** A bar with rate and time left on a terminal; elsewhere a line every few seconds. */
export function createProgress({ clock, isTerminal, write, draw = drawOnTerminal }: ProgressOptions): Progress {
  const everyMs = isTerminal ? REDRAW_MS : LINE_MS
  let phase = ''
  let startedAt = clock.now()
  let shownAt = startedAt
  return {
    update(current, rows, share) {
      const now = clock.now()
      if (current !== phase) {
        phase = current
        startedAt = now
      }
      if (now - shownAt < everyMs) return
      shownAt = now
      const text = `${phase} ${rows.toLocaleString('en')} rows, ${paceOf(rows, share, now - startedAt)}`
      if (isTerminal) draw(`\r\u001B[K${barOf(share)} ${text}`)
      else write(text)
    },
    end() {
      if (isTerminal) draw('\r\u001B[K')
    }
  }
}

function barOf(share: number): string {
  const filled = Math.round(Math.min(share, 1) * BAR_WIDTH)
  return `[${'#'.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}]`
}

function paceOf(rows: number, share: number, elapsedMs: number): string {
  const percent = `${Math.round(Math.min(share, 1) * 100)} %`
  if (elapsedMs <= 0 || share <= 0) return percent
  const rate = Math.round((rows / elapsedMs) * 1_000)
  const leftSeconds = Math.ceil((elapsedMs * (1 - Math.min(share, 1))) / share / 1_000)
  return `${percent}, ${rate.toLocaleString('en')} rows/s, ${leftSeconds} s left`
}

function drawOnTerminal(text: string): void {
  process.stderr.write(text)
}
