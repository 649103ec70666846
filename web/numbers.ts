/** How numbers are written on the pages: tabular, signed where the sign matters, never more digits than mean something. */

const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', minimumFractionDigits: 1, maximumFractionDigits: 1 })
const MINUS = '−'

function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits)
  if (Number(text) === 0) return text
  return `${value < 0 ? MINUS : '+'}${text}`
}

export function bpsText(value: number): string {
  return signed(value, Math.abs(value) >= 1_000 ? 0 : 2)
}

/** A fraction as percent. */
export function percentText(fraction: number, digits = 2): string {
  return `${signed(fraction * 100, digits)} %`
}

export function dollarText(value: number): string {
  return value < 1_000 ? value.toFixed(0) : COMPACT.format(value)
}

/** Milliseconds as the largest two units. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.floor(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** `03:30:31` of an ISO time, in UTC. */
export function clockText(iso: string): string {
  return iso.slice(11, 19)
}

/** `2026-11-25 03:30:31.234`, in UTC. */
export function timeText(iso: string): string {
  return iso.replace('T', ' ').replace('Z', '')
}

export function signClass(value: number | null): string {
  return value === null || value === 0 ? '' : value > 0 ? 'up' : 'down'
}
