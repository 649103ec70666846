import type { Answer } from '../answer.ts'
import type { Faulted } from './kinds.ts'

/** What venues call the beginning, the end and the size of a page of their past. */
const WINDOW =
  'startTime endTime start end start_timestamp end_timestamp from to since before after begin cursor'.split(' ')
const SIZE = 'limit count'.split(' ')
/** As HTX does, whatever it is asked for. */
const ROWS = 20

/** The newest rows, whatever window was asked for. */
export function windowIgnored({ path, params, nowMs, answer }: Faulted): Answer {
  const kept = new URLSearchParams([...params].filter(([name]) => !WINDOW.includes(name)))
  return answer(path, kept, nowMs)
}

/** A page that holds fewer rows than were asked for. */
export function shortPage({ rule, path, params, nowMs, answer }: Faulted): Answer {
  const rows = String(rule.rows ?? ROWS)
  const shortened = new URLSearchParams(params)
  for (const name of SIZE) if (shortened.has(name)) shortened.set(name, rows)
  return answer(path, shortened, nowMs)
}
