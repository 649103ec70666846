import { type ReactNode, useCallback, useMemo, useState, useSyncExternalStore } from 'react'
import { createRoot } from 'react-dom/client'
import { BoardTable } from './board-table.tsx'
import { Detail } from './detail.tsx'
import { openFeed } from './feed.ts'
import { FilterBar } from './filter-bar.tsx'
import { PageHeader } from './page-header.tsx'
import { SignalStrip } from './signal-strip.tsx'
import { addressOf, selectRows, type View, viewOf } from './view.ts'

const feed = openFeed()

/** The board, live. */
function Dashboard(): ReactNode {
  const moment = useSyncExternalStore(feed.subscribe, feed.moment)
  const [view, setView] = useState(() => viewOf(location.search))
  const { rows, nowMs, signals, silentMs } = moment
  const labels = useMemo(
    () =>
      new Map(signals.flatMap(({ instrument, label }) => (instrument === null ? [] : [[instrument, label] as const]))),
    [signals]
  )
  const selected = useMemo(() => selectRows(rows, view), [rows, view])
  const show = useCallback((next: View) => {
    setView(next)
    history.replaceState(null, '', addressOf(next))
  }, [])
  const choose = (instrument: string | undefined) => show({ ...view, instrument })
  const chosen = rows.find(({ row }) => row.instrument === view.instrument)
  const close = () => {
    choose(undefined)
    document.querySelector<HTMLElement>('tr[aria-current] button')?.focus()
  }
  return (
    <>
      <PageHeader moment={moment} onKey={feed.restart} />
      <SignalStrip
        signals={signals}
        nowMs={nowMs}
        onChoose={(asset, instrument) => show({ ...view, asset: [asset], instrument })}
      />
      <FilterBar view={view} rows={rows} shown={selected.length} onView={show} />
      <main className={silentMs === undefined ? 'content' : 'content silent'}>
        <BoardTable
          rows={selected}
          nowMs={nowMs}
          labels={labels}
          sort={view.sort}
          chosen={view.instrument}
          onSort={(sort) => show({ ...view, sort })}
          onChoose={choose}
        />
        {chosen !== undefined && (
          <Detail
            live={chosen}
            signals={signals.filter(({ instrument }) => instrument === view.instrument)}
            nowMs={nowMs}
            onClose={close}
          />
        )}
      </main>
    </>
  )
}

const page = document.getElementById('page')
if (page !== null) createRoot(page).render(<Dashboard />)
