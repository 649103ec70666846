import type { ReactNode } from 'react'
import './signal-strip.css'
import type { Signal } from './api.ts'
import { spanText } from './numbers.ts'

type SignalStripProps = {
  readonly signals: readonly Signal[]
  readonly nowMs: number
  readonly onChoose: (instrument: string) => void
}

/** The signals that are open now, by what they say. */
export function SignalStrip({ signals, nowMs, onChoose }: SignalStripProps): ReactNode {
  if (signals.length === 0) return null
  const groups = Map.groupBy(signals, ({ label, type }) => label ?? type)
  return (
    <section className="signals" aria-label="Open signals">
      {[...groups].map(([label, members]) => (
        <div key={label} className={`signal-group label-${label.toLowerCase()}`}>
          <h2>
            {label} <span className="aside">{members.length}</span>
          </h2>
          <ul>
            {members.map((signal) => (
              <li key={signal.id}>
                <button
                  type="button"
                  title={titleOf(signal, nowMs)}
                  onClick={() => signal.instrument !== null && onChoose(signal.instrument)}
                >
                  {signal.instrument ?? signal.asset ?? signal.venue}
                </button>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  )
}

function titleOf({ type, openedAt, explanation }: Signal, nowMs: number): string {
  const why = typeof explanation === 'string' ? `\n${explanation}` : ''
  return `${type}, open for ${spanText(nowMs - Date.parse(openedAt))}${why}`
}
