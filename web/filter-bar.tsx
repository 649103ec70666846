import { type ReactNode, useMemo } from 'react'
import { GRADES, type Grade } from '../src/domain/quality.ts'
import './filter-bar.css'
import type { LiveRow } from './live-row.ts'
import { dollarText } from './numbers.ts'
import { EVERYTHING, questionOf, type View } from './view.ts'

type FilterBarProps = {
  readonly view: View
  readonly rows: readonly LiveRow[]
  readonly shown: number
  readonly onView: (view: View) => void
}

const OPEN_INTERESTS = [0, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000]

/** Which rows are shown. */
export function FilterBar({ view, rows, shown, onView }: FilterBarProps): ReactNode {
  const set = (part: Partial<View>) => onView({ ...view, ...part })
  const values = useValues(rows)
  const floors = [...new Set([...OPEN_INTERESTS, view.minOpenInterestUsd])].sort((a, b) => a - b)
  return (
    <form className="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <input
        type="search"
        aria-label="Search"
        size={12}
        placeholder="contract, asset …"
        value={view.search}
        onChange={({ target }) => set({ search: target.value })}
      />
      <label>
        Asset
        <select value="" onChange={({ target }) => set({ asset: [...view.asset, target.value] })}>
          <option value="">{view.asset.length === 0 ? 'all' : 'and …'}</option>
          {values.asset
            .filter((asset) => !view.asset.includes(asset))
            .map((asset) => (
              <option key={asset}>{asset}</option>
            ))}
        </select>
      </label>
      {view.asset.length > 0 && (
        <Choices label="Assets" values={view.asset} chosen={view.asset} onChoose={(asset) => set({ asset })} />
      )}
      <Choices label="Venue" values={values.venue} chosen={view.venue} onChoose={(venue) => set({ venue })} />
      <Choices label="Kind" values={values.kind} chosen={view.kind} onChoose={(kind) => set({ kind })} />
      <Choices label="Quote" values={values.quote} chosen={view.quote} onChoose={(quote) => set({ quote })} />
      <label>
        Grade
        <select value={view.minGrade} onChange={({ target }) => set({ minGrade: target.value as Grade })}>
          {GRADES.map((grade) => (
            <option key={grade} value={grade}>
              {GRADE_CHOICES[grade]}
            </option>
          ))}
        </select>
      </label>
      <label>
        OI $
        <select
          value={view.minOpenInterestUsd}
          onChange={({ target }) => set({ minOpenInterestUsd: Number(target.value) })}
        >
          {floors.map((floor) => (
            <option key={floor} value={floor}>
              {floor === 0 ? 'any' : `≥ ${dollarText(floor)}`}
            </option>
          ))}
        </select>
      </label>
      <span className="count" aria-live="polite">
        <output>{shown}</output> of {rows.length}
      </span>
      <button type="button" onClick={() => onView({ ...EVERYTHING, instrument: view.instrument, sort: view.sort })}>
        Reset
      </button>
      <a href={questionOf(view)} title="The question that the API answers with these rows">
        as JSON
      </a>
    </form>
  )
}

const GRADE_CHOICES: Readonly<Record<Grade, string>> = { none: 'any', display: 'display +', signal: 'signal' }

type ChoicesProps = {
  readonly label: string
  readonly values: readonly string[]
  readonly chosen: readonly string[]
  readonly onChoose: (chosen: readonly string[]) => void
}

/** Any number of a few. None chosen is all. */
function Choices({ label, values, chosen, onChoose }: ChoicesProps): ReactNode {
  return (
    <fieldset className="choices" aria-label={label}>
      {[...new Set([...values, ...chosen])].map((value) => {
        const isOn = chosen.includes(value)
        const next = isOn ? chosen.filter((other) => other !== value) : [...chosen, value]
        return (
          <button key={value} type="button" aria-pressed={isOn} onClick={() => onChoose(next)}>
            {value === 'perpetual' ? 'perp' : value}
          </button>
        )
      })}
    </fieldset>
  )
}

type Values = Readonly<Record<'asset' | 'venue' | 'kind' | 'quote', readonly string[]>>

/** What there is to choose from; made again only when the board has other contracts. */
function useValues(rows: readonly LiveRow[]): Values {
  const distinct = (field: keyof Values) => [...new Set(rows.map(({ row }) => row[field]))].sort()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rows are new each second, their names are not
  return useMemo(
    () => ({
      asset: distinct('asset'),
      venue: distinct('venue'),
      kind: distinct('kind').reverse(),
      quote: distinct('quote')
    }),
    [rows.length]
  )
}
