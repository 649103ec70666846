import { type ReactNode, useEffect, useRef, useState } from 'react'
import './detail.css'
import type { BoardRow } from '../src/domain/board-row.ts'
import { queryOf, type Signal } from './api.ts'
import { GradeMark, Missing, SOURCE_WORDS } from './columns.tsx'
import { BASIS_DAYS, BasisChart, FundingChart, historyQuestions, RealisedFunding } from './histories.tsx'
import type { LiveRow } from './live-row.ts'
import { bpsText, clockText, percentText, signClass, spanText, timeText } from './numbers.ts'
import { SignalNotes } from './signal-strip.tsx'
import { absenceOf, GRADE_WORDS, REASON_WORDS } from './words.ts'

type DetailProps = {
  readonly live: LiveRow
  /** Those that are open on it. */
  readonly signals: readonly Signal[]
  readonly nowMs: number
  readonly onClose: () => void
}

/** One contract: what its numbers are made of, its past, and where each came from. */
export function Detail({ live, signals, nowMs, onClose }: DetailProps): ReactNode {
  const { row } = live
  const isCurrent = !live.isStale && live.grade !== 'none'
  const [days, setDays] = useState<number>(7)
  const headingRef = useRef<HTMLHeadingElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another contract is another heading to read
  useEffect(() => headingRef.current?.focus(), [row.instrument])
  const questions = historyQuestions(row, days, nowMs)
  return (
    <aside
      className={isCurrent ? 'detail' : 'detail aged'}
      aria-label="Contract"
      onKeyDown={({ key }) => key === 'Escape' && onClose()}
    >
      <div className="detail-heading">
        <h2 ref={headingRef} tabIndex={-1}>
          {row.instrument}
        </h2>
        <button type="button" onClick={onClose} aria-label="Close the detail">
          ✕
        </button>
      </div>
      <p className="aside">against {row.spot ?? <Missing row={row} field="spot" />}</p>
      <Grade {...live} />
      <SignalNotes signals={signals} nowMs={nowMs} />
      <Legs row={row} nowMs={nowMs} />
      <Figures row={row} />
      {row.spot !== null && (
        <BasisChart question={questions.basis}>
          <span className="choices">
            {BASIS_DAYS.map((choice) => (
              <button key={choice} type="button" aria-pressed={choice === days} onClick={() => setDays(choice)}>
                {choice} d
              </button>
            ))}
          </span>
        </BasisChart>
      )}
      {row.kind === 'perpetual' && (
        <>
          <FundingChart question={questions.settled} />
          <RealisedFunding question={questions.realised} />
        </>
      )}
      <Absences row={row} />
      <Sources row={row} questions={questions} />
    </aside>
  )
}

function Grade({ grade, reasons, ageMs }: LiveRow): ReactNode {
  return (
    <div>
      <p>
        <GradeMark grade={grade} reasons={[]} /> {GRADE_WORDS[grade]}
        {ageMs !== null && <span className="aside"> · {spanText(ageMs)} old</span>}
      </p>
      {reasons.length > 0 && (
        <ul className="reasons">
          {reasons.map((reason) => (
            <li key={reason}>
              {REASON_WORDS[reason] ?? reason} <code>{reason}</code>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

type Field = keyof BoardRow
/** What is shown of a leg: its name, its three prices, our time and the venue's. */
type Leg = readonly [string, readonly [Field | null, Field, Field | null], Field, Field | null]

const LEGS: readonly Leg[] = [
  ['contract', ['contractBid', 'contractMid', 'contractAsk'], 'contractObservedAt', 'contractVenueTime'],
  ['spot', ['spotBid', 'spotMid', 'spotAsk'], 'spotObservedAt', 'spotVenueTime'],
  ['mark', [null, 'mark', null], 'markObservedAt', null],
  ['index', [null, 'index', null], 'markObservedAt', null]
]

function Legs({ row, nowMs }: { row: BoardRow; nowMs: number }): ReactNode {
  return (
    <table className="legs">
      <caption>
        Prices{row.multiplier !== 1 && row.multiplier !== null && `, spot for ${row.multiplier} ${row.asset}`}
      </caption>
      <thead>
        <tr>
          {['leg', 'bid', 'mid', 'ask', 'received, UTC', 'venue’s time'].map((heading) => (
            <th key={heading} scope="col">
              {heading}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {LEGS.map(([name, prices, observed, venueTime]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {prices.map((field, index) => (
              <td key={field ?? index}>{field !== null && <Value row={row} field={field} />}</td>
            ))}
            <Time row={row} field={observed} nowMs={nowMs} />
            {venueTime === null ? <td /> : <Time row={row} field={venueTime} nowMs={nowMs} />}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Value({ row, field, write = String }: { row: BoardRow; field: Field; write?: (value: number) => string }) {
  const value = row[field]
  if (value === null) return <Missing row={row} field={field} />
  return typeof value === 'number' ? <span className={signClass(value)}>{write(value)}</span> : String(value)
}

function Time({ row, field, nowMs }: { row: BoardRow; field: Field; nowMs: number }): ReactNode {
  const value = row[field]
  if (typeof value !== 'string') {
    return (
      <td>
        <Missing row={row} field={field} />
      </td>
    )
  }
  const ago = `${timeText(value)} UTC, ${spanText(nowMs - Date.parse(value))} ago`
  return <td title={ago}>{clockText(value)}</td>
}

const percent = (value: number) => percentText(value, 2)
const rate = (value: number) => percentText(value, 4)

const FIGURES: readonly (readonly [string, Field, (value: number) => string])[] = [
  ['Basis, bps', 'basisBps', bpsText],
  ['after currency conversion', 'adjustedBasisBps', bpsText],
  ['sell contract, buy spot', 'carryEntryBps', bpsText],
  ['buy contract, sell spot', 'reverseEntryBps', bpsText],
  ['mark over index', 'premiumBps', bpsText],
  ['basis APR', 'basisApr', percent],
  ['funding', 'fundingRate', rate],
  ['funding APR', 'fundingApr', percent],
  ['highest rate allowed', 'cap', rate],
  ['lowest rate allowed', 'floor', rate]
]
const FUNDING_ONLY: ReadonlySet<Field> = new Set(['fundingRate', 'fundingApr', 'cap', 'floor'])

function Figures({ row }: { row: BoardRow }): ReactNode {
  const isFuture = row.kind === 'future'
  const shown = FIGURES.filter(([, field]) => (isFuture ? !FUNDING_ONLY.has(field) : field !== 'basisApr'))
  const { fundingIntervalHours: hours, fundingIntervalSource: source } = row
  return (
    <>
      <dl className="figures">
        {shown.map(([name, field, write]) => (
          <div key={field}>
            <dt>{name}</dt>
            <dd>
              <Value row={row} field={field} write={write} />
            </dd>
          </div>
        ))}
      </dl>
      {hours !== null && source !== null && (
        <p className="aside">
          The funding rate is for {hours} h. {SOURCE_WORDS[source]}.
          {row.fundingKind === 'trailing' && ' It is of the period past.'}
          {row.fundingKind === 'fixed' && ' It no longer changes before it is settled.'}
        </p>
      )}
    </>
  )
}

function Absences({ row }: { row: BoardRow }): ReactNode {
  const fields = Object.keys(row.absent) as Field[]
  if (fields.length === 0) return null
  return (
    <section>
      <h3>What is not there</h3>
      <ul className="reasons">
        {fields.map((field) => (
          <li key={field}>
            <code>{field}</code> {absenceOf(row, field)}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Sources({ row, questions }: { row: BoardRow; questions: ReturnType<typeof historyQuestions> }): ReactNode {
  const { instrument } = row
  const links = [
    ['this row', queryOf('/v1/basis', { instrument })],
    ['its past', questions.basis],
    ...(row.kind === 'perpetual'
      ? [
          ['settled funding', questions.settled],
          ['realised', questions.realised]
        ]
      : []),
    ['its signals', queryOf('/v1/signals', { instrument })],
    ['what is missing', queryOf('/v1/gaps', { instrument })],
    ['the contract', queryOf('/v1/instruments', { asset: row.asset, venue: row.venue })]
  ]
  return (
    <section>
      <h3>Where these numbers come from</h3>
      <ul className="sources">
        {links.map(([name, path]) => (
          <li key={path}>
            {name} <a href={path}>{path}</a>
          </li>
        ))}
      </ul>
    </section>
  )
}
