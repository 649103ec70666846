import { parseArgs } from 'node:util'
import { suggestionFor } from '../contract/nearest.ts'
import { canonicalVenue, type InstrumentName, parseInstrumentKey } from '../domain/instrument.ts'
import { InvalidInputError, messageOf } from '../errors.ts'

export const RECORD_USAGE = `contango record VENUE… [--instrument ID,…] [--out DIR] [--json]

Asks each venue everything that the service asks it, once, and keeps the raw answers in DIR (recorded, unless told): what
contango normalise reads, and what a test of an adapter is made of.

  --instrument ID,…   contracts and coins of which the settlements and the book are kept too; BTC against USDT, USDC or USD unless told
  --out DIR           DIR/response-fixtures.json and DIR/markets; other venues' recordings in it stay
  --json              one JSON object a call instead of lines

VENUE_URLS points at the simulated exchanges, or at a proxy, as for the service itself.`

export type RecordOptions = {
  readonly venues: readonly string[]
  readonly instruments: readonly InstrumentName[]
  readonly out: string
  readonly isJson: boolean
}

/** Reads what follows `contango record`; throws one error that names every problem. */
export function readRecordOptions(args: readonly string[], known: readonly string[]): RecordOptions {
  const { values, positionals } = parse(args)
  const problems: { path: string; message: string }[] = []
  const venues = [...new Set(positionals.map(canonicalVenue))]
  if (venues.length === 0) problems.push({ path: 'VENUE', message: `missing; expected one of ${known.join(', ')}` })
  for (const venue of venues) {
    if (known.includes(venue)) continue
    problems.push({ path: venue, message: `is no venue that is supported${suggestionFor(venue, known)}` })
  }
  const keys = values.instrument?.flatMap((text) => text.split(',')) ?? []
  const instruments = keys.flatMap((key) => {
    const name = parseInstrumentKey(key)
    if (name !== undefined && venues.includes(name.venue)) return [name]
    const message = name === undefined ? 'expected an id such as bybit:BTC/USDT:USDT' : 'its venue is not recorded here'
    problems.push({ path: '--instrument', message: `${key}: ${message}` })
    return []
  })
  if (problems.length > 0) throw new InvalidInputError(problems, 'invalid_arguments')
  return { venues, instruments, out: values.out ?? 'recorded', isJson: values.json === true }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        instrument: { type: 'string', multiple: true },
        out: { type: 'string' },
        json: { type: 'boolean' }
      }
    })
  } catch (error) {
    throw new InvalidInputError([{ path: 'record', message: messageOf(error) }], 'invalid_arguments')
  }
}
