import type { ReactNode } from 'react'
import type { BoardRow } from '../src/domain/board-row.ts'
import type { LiveRow } from './live-row.ts'
import { bpsText, dollarText, percentText, signClass, spanText, timeText } from './numbers.ts'
import { absenceOf, GRADE_WORDS, reasonsInWords } from './words.ts'

export type Column = {
  /** What it shows and is sorted by. */
  readonly field: keyof BoardRow
  readonly heading: string
  readonly about: string
  readonly isText?: boolean
  readonly cell: (live: LiveRow, nowMs: number) => ReactNode
}

/** What is not there: never a zero, and why on hover. */
export function Missing({ row, field }: { row: BoardRow; field: keyof BoardRow }): ReactNode {
  const why = absenceOf(row, field)
  return (
    <span className="missing" role="img" title={why} aria-label={`none: ${why}`}>
      –
    </span>
  )
}

type NumberField = {
  [Field in keyof BoardRow]: BoardRow[Field] extends number | string | null ? Field : never
}[keyof BoardRow]

/** A column of numbers, with the colour of their sign where that means something. */
function numbers(
  field: NumberField,
  heading: string,
  about: string,
  write: (value: number) => string,
  isSigned = false
): Column {
  return {
    field,
    heading,
    about,
    cell: ({ row }) => {
      const value = row[field] === null ? null : Number(row[field])
      if (value === null) return <Missing row={row} field={field} />
      return isSigned ? <span className={signClass(value)}>{write(value)}</span> : write(value)
    }
  }
}

function words(field: 'asset' | 'venue', heading: string, about: string): Column {
  return { field, heading, about, isText: true, cell: ({ row }) => row[field] }
}

const SYMBOL = /^[^:]*:/

export const COLUMNS: readonly Column[] = [
  {
    field: 'instrument',
    heading: 'Contract',
    about: 'What trades; click for its legs and history',
    isText: true,
    cell: ({ row }) => row.instrument.replace(SYMBOL, '')
  },
  words('asset', 'Asset', 'What it is about once multipliers are resolved'),
  words('venue', 'Venue', 'Where the contract trades'),
  {
    field: 'kind',
    heading: 'Kind',
    about: 'Perpetual, or a future with an expiry',
    isText: true,
    cell: ({ row }) => (row.kind === 'perpetual' ? 'perp' : 'future')
  },
  numbers(
    'basisBps',
    'Basis bps',
    'Contract mid over spot mid, basis points, before currency conversion',
    bpsText,
    true
  ),
  numbers('adjustedBasisBps', 'Adjusted', 'The basis after converting the spot’s quote currency, bps', bpsText, true),
  numbers('premiumBps', 'Premium', 'Mark over index, basis points', bpsText, true),
  numbers(
    'fundingRate',
    'Funding',
    'Rate for the interval beside it; positive: longs pay shorts',
    (rate) => percentText(rate, 4),
    true
  ),
  {
    field: 'fundingIntervalHours',
    heading: 'per',
    about: 'The interval that the rate is for, and how it is known',
    cell: ({ row }) => <Interval row={row} />
  },
  numbers('fundingApr', 'Fund. APR', 'The funding rate per year of 8,760 h, simple', percentText, true),
  {
    field: 'nextSettlementAt',
    heading: 'Settles in',
    about: 'Until funding is exchanged next',
    cell: ({ row }, nowMs) => {
      const { nextSettlementAt } = row
      if (nextSettlementAt === null) return <Missing row={row} field="nextSettlementAt" />
      const leftMs = Date.parse(nextSettlementAt) - nowMs
      return <span title={`${timeText(nextSettlementAt)} UTC`}>{leftMs < 0 ? 'due' : spanText(leftMs)}</span>
    }
  },
  numbers('daysToExpiry', 'Days left', 'Days to expiry', (days) => days.toFixed(days < 10 ? 1 : 0)),
  numbers('basisApr', 'Basis APR', 'The basis per year of 8,760 h, simple', percentText, true),
  numbers('openInterestUsd', 'OI $', 'Open interest in US dollars, one side counted', dollarText),
  numbers('volume24hUsd', 'Vol. 24 h $', 'Volume of 24 h in US dollars', dollarText),
  {
    field: 'grade',
    heading: 'Grade',
    about: 'What the row is good for now: signal, display or none',
    isText: true,
    cell: (live) => <GradeMark {...live} />
  },
  {
    field: 'ageMs',
    heading: 'Age',
    about: 'Since the older of its two prices was received',
    cell: ({ row, ageMs }) => (ageMs === null ? <Missing row={row} field="ageMs" /> : spanText(ageMs))
  }
]

function Interval({ row }: { row: BoardRow }): ReactNode {
  const { fundingIntervalHours: hours, fundingIntervalSource: source } = row
  if (hours === null) return <Missing row={row} field="fundingIntervalHours" />
  return (
    <>
      {hours} h{' '}
      <span className={source === 'assumed' ? 'doubt' : 'aside'} title={SOURCE_WORDS[source ?? 'assumed']}>
        {source}
      </span>
    </>
  )
}

export const SOURCE_WORDS = {
  declared: 'The venue declares this interval',
  observed: 'Seen from the times of past settlements',
  assumed: 'Nobody declares it: taken from what is usual'
} as const

export function GradeMark({ grade, reasons }: Pick<LiveRow, 'grade' | 'reasons'>): ReactNode {
  const why = reasons.length === 0 ? '' : `: ${reasonsInWords(reasons)}`
  return (
    <span className={`grade grade-${grade}`} title={`${GRADE_WORDS[grade]}${why}`}>
      {grade}
      {reasons.length > 0 && <sup>{reasons.length}</sup>}
    </span>
  )
}
