import { type Refused, refuse } from './parameter.ts'

// A + that was not percent-encoded arrives as a space; before a zone it can mean nothing else.
const ISO = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|z|[+ -]\d\d:?\d\d)?$/
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/
const FORMS = 'such as 2026-01-31T08:00:00Z, 2026-01-31 or 1769846400000'
const LATEST_MS = Date.UTC(2200, 0, 1)
/** Epoch seconds of 1973 to 5138 lie below this, epoch milliseconds of after March 1973 above. */
const SECONDS_BELOW = 1e11

/** Reads a moment as epoch milliseconds. A time without a zone is refused: it means different moments to different readers. */
export function readTime(text: string): number | Refused {
  if (/^\d+$/.test(text)) return readEpoch(text)
  const date = DATE.exec(text)
  if (date) return midnightOf(date) ?? refuse(`a date that exists, ${FORMS}`)
  const match = ISO.exec(text)
  if (!match) return refuse(`a time, ${FORMS}`)
  if (match[8] === undefined) return refuse(`a time with its zone, such as ${text}Z for UTC or ${text}%2B01:00`)
  return readIso(match) ?? refuse(`a time that exists, ${FORMS}`)
}

function readEpoch(text: string): number | Refused {
  const value = Number(text)
  if (text.length > 15 || value > LATEST_MS) return refuse('epoch milliseconds before the year 2200')
  if (value !== 0 && value < SECONDS_BELOW) {
    return refuse(`epoch milliseconds, not seconds and not a date without dashes, ${FORMS}`)
  }
  return value
}

function readIso(match: RegExpExecArray): number | undefined {
  const [, , , , hour = '', minute = '', second = '0', fraction = '', zone = ''] = match
  const dayMs = midnightOf(match)
  if (dayMs === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const offset = offsetMinutes(zone)
  if (offset === undefined) return undefined
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3))
  return dayMs + (Number(hour) * 60 + Number(minute) - offset) * 60_000 + Number(second) * 1_000 + milliseconds
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0
  const digits = zone.slice(1).replace(':', '')
  const hours = Number(digits.slice(0, 2))
  const minutes = Number(digits.slice(2))
  if (hours > 14 || minutes > 59) return undefined
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes)
}

/** Midnight UTC of the first three groups; undefined for 30 February and its like. */
function midnightOf(match: RegExpExecArray): number | undefined {
  const [, year = '', month = '', day = ''] = match
  const atMs = Date.UTC(Number(year), Number(month) - 1, Number(day))
  const exists = new Date(atMs).toISOString().startsWith(`${year}-${month}-${day}T`)
  return exists && atMs >= 0 && atMs < LATEST_MS ? atMs : undefined
}
