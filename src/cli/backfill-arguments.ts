import { parseArgs } from 'node:util'
import { suggestionFor } from '../contract/nearest.ts'
import { isRefused } from '../contract/parameter.ts'
import { readTime } from '../contract/time-text.ts'
import { canonicalVenue, type InstrumentName, parseInstrumentKey } from '../domain/instrument.ts'
import { type InputProblem, InvalidInputError, messageOf } from '../errors.ts'
import type { BackfillFact } from '../store/backfill.ts'

export const BACKFILL_USAGE = `contango backfill [--venue ID,…] [--instrument ID,…] [--kind funding|prices|open-interest] [--from DATE] [--to DATE] [--json]

Fetches the past from the exchanges, newest first: settled funding, hourly prices (last, mark, index, premium) with the basis that
follows from them, hourly open interest; each where the venue serves it, as far back as it does (docs/venues.md).

  --venue ID,…        everything that is followed on these venues; all of them unless told
  --instrument ID,…   these instruments, followed or not, with the spot legs of their prices
  --kind KIND,…       funding, prices or open-interest; all three unless told
  --from DATE         no further back than this: 2025-01-01 or 2025-01-01T08:00:00Z; as far as the venue serves it unless told
  --to DATE           nothing newer than this; up to now unless told
  --json              one JSON object instead of lines

It works beside a running service and beside another backfill: they share the work. Stopped or killed, it goes on where it was when it
is run again; nothing is stored twice. HISTORY_CALLS_PER_SECOND bounds what it asks of a venue, and live polls come first.
Exit code 0 when everything wanted is stored, 1 when something could not be fetched.`

/** The words of the command for what is fetched. */
export const KINDS = {
  funding: 'settlement',
  prices: 'price_1h',
  'open-interest': 'open_interest_1h'
} as const satisfies Record<string, BackfillFact>
export type BackfillKind = keyof typeof KINDS

export type BackfillRequest = {
  readonly venues: readonly string[]
  readonly instruments: readonly InstrumentName[]
  readonly kinds: readonly BackfillKind[]
  readonly from: number | null
  readonly to: number | null
  readonly isJson: boolean
}

/** Reads the command's words; throws one error that names every problem. */
export function readBackfillArguments(
  args: readonly string[],
  known: readonly string[],
  nowMs: number
): BackfillRequest {
  const values = parse(args)
  const problems: InputProblem[] = []
  const refuse = (path: string, message: string) => void problems.push({ path, message })
  const wordsOf = (texts: readonly string[] | undefined) => [...new Set(texts?.flatMap((text) => text.split(',')))]
  const venues = wordsOf(values.venue).map(canonicalVenue)
  for (const venue of venues) {
    if (!known.includes(venue)) refuse('--venue', `${venue} is no venue that is asked${suggestionFor(venue, known)}`)
  }
  const instruments = wordsOf(values.instrument).flatMap((key) => {
    const name = parseInstrumentKey(key)
    if (name === undefined) refuse('--instrument', `${key}: expected an id such as bybit:BTC/USDT:USDT`)
    else if (!known.includes(name.venue)) refuse('--instrument', `${key}: ${name.venue} is no venue that is asked`)
    else if (venues.length > 0 && !venues.includes(name.venue)) refuse('--instrument', `${key} is not on --venue`)
    else return [name]
    return []
  })
  const kinds = wordsOf(values.kind).flatMap((word) => {
    if (Object.hasOwn(KINDS, word)) return [word as BackfillKind]
    refuse('--kind', `expected funding, prices or open-interest; was ${word}${suggestionFor(word, Object.keys(KINDS))}`)
    return []
  })
  const from = readDate('--from', values.from, refuse)
  const to = readDate('--to', values.to, refuse)
  if (from !== null && from >= (to ?? nowMs))
    refuse('--from', to === null ? 'must be in the past' : 'must be before --to')
  if (problems.length > 0) throw new InvalidInputError(problems, 'invalid_arguments')
  const all = Object.keys(KINDS) as BackfillKind[]
  return { venues, instruments, kinds: kinds.length === 0 ? all : kinds, from, to, isJson: values.json === true }
}

function readDate(path: string, text: string | undefined, refuse: (path: string, message: string) => void) {
  if (text === undefined) return null
  const at = readTime(text)
  if (!isRefused(at)) return at
  refuse(path, `expected ${at.refused}; was ${JSON.stringify(text)}`)
  return null
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        venue: { type: 'string', multiple: true },
        instrument: { type: 'string', multiple: true },
        kind: { type: 'string', multiple: true },
        from: { type: 'string' },
        to: { type: 'string' },
        json: { type: 'boolean' }
      }
    }).values
  } catch (error) {
    throw new InvalidInputError([{ path: 'backfill', message: messageOf(error) }], 'invalid_arguments')
  }
}
