import { DAY } from './time.ts'

/** From when on observations are kept (epoch ms), `days` back: whole months, as they go. */
export function keptFrom(nowMs: number, days: number): number {
  const at = new Date(nowMs - days * DAY)
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth())
}
