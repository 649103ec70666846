import { Temporal } from 'temporal-polyfill'
import { DAY, HOUR, MINUTE, SECOND } from '../domain/time.ts'

/** What to do with a local time that occurs twice, when clocks are set back. */
export type Ambiguous = 'earlier' | 'later' | 'refuse'

export type TimeRules = {
  /** Of times that do not say their own; null: such times are refused. */
  readonly timeZone: string | null
  readonly ambiguous: Ambiguous
  /** Added after conversion to UTC. */
  readonly shiftMs: number
}

export type CellTime = { readonly at: number; readonly isAmbiguous: boolean }
export type Refusal = { readonly refused: string }

const FORM =
  /^(\d{4})[-/](\d\d)[-/](\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?)?$/i

/** Reads a moment: ISO 8601 with its zone, or a local time of the zone given, or epoch milliseconds. Shifted. */
export function readCellTime(text: string, rules: TimeRules): CellTime | Refusal {
  const read = /^\d+$/.test(text) ? readEpoch(text) : readCalendar(text, rules)
  return 'refused' in read ? read : { ...read, at: read.at + rules.shiftMs }
}

function readEpoch(text: string): CellTime | Refusal {
  if (text.length === 9 || text.length === 10) {
    return { refused: `time ${text} looks like epoch seconds; expected milliseconds` }
  }
  const at = Number(text)
  if (text.length > 14) return { refused: `time ${text.slice(0, 40)} is not epoch milliseconds` }
  return { at, isAmbiguous: false }
}

function readCalendar(text: string, { timeZone, ambiguous }: TimeRules): CellTime | Refusal {
  const shown = JSON.stringify(text.slice(0, 40))
  const match = FORM.exec(text)
  if (!match) return { refused: `time ${shown} cannot be read; expected such as 2023-01-31T08:00:00Z` }
  const utc = utcOf(match)
  if (utc === undefined) return { refused: `time ${shown} does not exist` }
  const zone = match[8]
  if (zone !== undefined) {
    const offsetMs = offsetOf(zone)
    return offsetMs === undefined
      ? { refused: `time ${shown} has an impossible zone` }
      : { at: utc - offsetMs, isAmbiguous: false }
  }
  if (timeZone === null) return { refused: `time ${shown} has no zone; name it with --time-zone, such as UTC` }
  return timeZone === 'UTC' ? { at: utc, isAmbiguous: false } : readLocal(utc, shown, timeZone, ambiguous)
}

function readLocal(wallMs: number, shown: string, timeZone: string, ambiguous: Ambiguous): CellTime | Refusal {
  const wall = new Date(wallMs)
  const local = new Temporal.PlainDateTime(
    wall.getUTCFullYear(),
    wall.getUTCMonth() + 1,
    wall.getUTCDate(),
    wall.getUTCHours(),
    wall.getUTCMinutes(),
    wall.getUTCSeconds(),
    wall.getUTCMilliseconds()
  )
  const earlier = local.toZonedDateTime(timeZone, { disambiguation: 'earlier' })
  const later = local.toZonedDateTime(timeZone, { disambiguation: 'later' })
  if (earlier.epochMilliseconds === later.epochMilliseconds)
    return { at: earlier.epochMilliseconds, isAmbiguous: false }
  if (!earlier.toPlainDateTime().equals(local)) {
    return { refused: `time ${shown} does not exist in ${timeZone}: clocks skip it` }
  }
  if (ambiguous === 'refuse') return { refused: `time ${shown} occurs twice in ${timeZone}` }
  return { at: (ambiguous === 'later' ? later : earlier).epochMilliseconds, isAmbiguous: true }
}

/** The fields as if they were UTC; undefined for 30 February and its like. */
function utcOf(match: RegExpExecArray): number | undefined {
  const [, year = '', month = '', day = '', hour = '0', minute = '0', second = '0', fraction = ''] = match
  const dayMs = Date.UTC(Number(year), Number(month) - 1, Number(day))
  if (!Number.isFinite(dayMs) || !new Date(dayMs).toISOString().startsWith(`${year}-${month}-${day}T`)) return undefined
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3))
  return dayMs + Number(hour) * HOUR + Number(minute) * MINUTE + Number(second) * SECOND + milliseconds
}

function offsetOf(zone: string): number | undefined {
  if (/^(Z|UTC|GMT)$/i.test(zone)) return 0
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  const hours = Number(digits.slice(0, 2))
  const minutes = Number(digits.slice(2))
  if (hours > 14 || minutes > 59) return undefined
  return (zone[0] === '-' ? -1 : 1) * (hours * HOUR + minutes * MINUTE)
}

/** The zone in its usual spelling, or undefined when there is none of that name. */
export function readTimeZone(text: string): string | undefined {
  try {
    return new Temporal.ZonedDateTime(0n, text).timeZoneId
  } catch {
    return undefined
  }
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY }
const LONGEST_SHIFT_MS = 366 * DAY

/** `8h`, `-1h`, `30m`, `90s`, `1d` in milliseconds. */
export function readShift(text: string): number | undefined {
  const match = /^([+-]?\d{1,9})(ms|s|m|h|d)$/.exec(text)
  if (!match) return undefined
  const shiftMs = Number(match[1]) * UNITS_MS[match[2]!]!
  return Math.abs(shiftMs) <= LONGEST_SHIFT_MS ? shiftMs : undefined
}
