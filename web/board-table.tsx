import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import './board.css'
import { COLUMNS } from './columns.tsx'
import type { LiveRow } from './live-row.ts'
import { SignalMark } from './signal-strip.tsx'

type BoardTableProps = {
  readonly rows: readonly LiveRow[]
  readonly nowMs: number
  /** What the open signals say, by contract. */
  readonly labels: ReadonlyMap<string, string>
  readonly sort: string
  readonly chosen: string | undefined
  readonly onSort: (sort: string) => void
  readonly onChoose: (instrument: string) => void
}

/** As in style.css, which makes every row this high. */
const ROW_PX = 25
/** Rows drawn above and below what is in sight. */
const SPARE_ROWS = 12

/** All rows in one table, of which only those in sight are drawn. */
export function BoardTable({ rows, nowMs, labels, sort, chosen, onSort, onChoose }: BoardTableProps): ReactNode {
  const { sightRef, first, last } = useSight(rows.length)
  const shown = rows.slice(first, last)
  return (
    <section className="board" ref={sightRef} aria-label="Contracts, scrollable">
      <table aria-rowcount={rows.length + 1} onKeyDown={moveFocus}>
        <thead>
          <tr aria-rowindex={1}>
            {COLUMNS.map((column) => (
              <Heading key={column.field} {...column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Space rows={first} />
          {shown.map((live, index) => (
            <Row
              key={live.row.instrument}
              live={live}
              nowMs={nowMs}
              place={first + index + 2}
              label={labels.get(live.row.instrument)}
              isChosen={live.row.instrument === chosen}
              onChoose={onChoose}
            />
          ))}
          <Space rows={rows.length - last} />
        </tbody>
      </table>
    </section>
  )
}

/** Which rows are in sight of the scrolled section. */
function useSight(count: number) {
  const sightRef = useRef<HTMLElement>(null)
  const [sight, setSight] = useState({ first: 0, rows: 60 })
  useEffect(() => {
    const section = sightRef.current
    if (section === null) return
    const look = () => {
      const first = Math.floor(section.scrollTop / ROW_PX)
      const rows = Math.ceil(section.clientHeight / ROW_PX)
      setSight((before) => (before.first === first && before.rows === rows ? before : { first, rows }))
    }
    look()
    section.addEventListener('scroll', look, { passive: true })
    const observer = new ResizeObserver(look)
    observer.observe(section)
    return () => {
      section.removeEventListener('scroll', look)
      observer.disconnect()
    }
  }, [])
  const first = Math.max(0, Math.min(sight.first, count - sight.rows) - SPARE_ROWS)
  return { sightRef, first, last: Math.min(count, sight.first + sight.rows + SPARE_ROWS) }
}

/** The height of rows that are not drawn. */
function Space({ rows }: { rows: number }): ReactNode {
  if (rows <= 0) return null
  return (
    <tr className="space">
      <td colSpan={COLUMNS.length} style={{ height: rows * ROW_PX }} />
    </tr>
  )
}

type HeadingProps = (typeof COLUMNS)[number] & Pick<BoardTableProps, 'sort' | 'onSort'>

function Heading({ field, heading, about, isText, sort, onSort }: HeadingProps): ReactNode {
  const order = sort === field ? 'ascending' : sort === `-${field}` ? 'descending' : 'none'
  // Numbers are looked at from the top, names from the beginning.
  const next = order === 'none' ? (isText ? field : `-${field}`) : order === 'descending' ? field : `-${field}`
  return (
    <th scope="col" aria-sort={order} className={isText ? 'text' : ''} data-field={field}>
      <button type="button" title={about} onClick={() => onSort(next)}>
        {heading}
      </button>
    </th>
  )
}

type RowProps = {
  readonly live: LiveRow
  readonly nowMs: number
  readonly place: number
  readonly label: string | undefined
  readonly isChosen: boolean
  readonly onChoose: (instrument: string) => void
}

function Row({ live, nowMs, place, label, isChosen, onChoose }: RowProps): ReactNode {
  const { row, grade, isStale } = live
  const [name, ...others] = COLUMNS
  const state = grade === 'none' ? 'useless' : isStale ? 'stale' : ''
  return (
    <tr
      aria-rowindex={place}
      className={state}
      data-instrument={row.instrument}
      aria-current={isChosen || undefined}
      onClick={() => onChoose(row.instrument)}
    >
      <th scope="row" className="text">
        <button type="button" title={row.instrument}>
          {name?.cell(live, nowMs)}
        </button>
        {label !== undefined && <SignalMark label={label} />}
      </th>
      {others.map(({ field, isText, cell }) => (
        <td key={field} className={isText ? 'text' : ''} data-field={field}>
          {cell(live, nowMs)}
        </td>
      ))}
    </tr>
  )
}

/** Up and down go from row to row. */
function moveFocus(event: KeyboardEvent<HTMLTableElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  const row = (event.target as HTMLElement).closest('tbody tr')
  const other = event.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling
  const button = other?.querySelector<HTMLButtonElement>('th button')
  if (!button) return
  event.preventDefault()
  button.focus()
}
