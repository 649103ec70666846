import type { ReactNode } from 'react'
import './signal-strip.css'
import type { Signal } from './api.ts'
import { spanText } from './numbers.ts'

type SignalStripProps = {
  readonly signals: readonly Signal[]
  readonly nowMs: number
  /** An asset, and the first of its contracts with this signal. */
  readonly onChoose: (asset: string, instrument: string) => void
}

/** The signals that are open now, by what they say and about which asset. */
export function SignalStrip({ signals, nowMs, onChoose }: SignalStripProps): ReactNode {
  if (signals.length === 0) return null
  const labels = Map.groupBy(signals, ({ label }) => label)
  return (
    <section className="signals" aria-label="Open signals">
      {[...labels].map(([label, members]) => (
        <div key={label} className={`signal-group ${classOf(label)}`}>
          <h2>
            {label} <span className="aside">{members.length}</span>
          </h2>
          <ul>
            {[...Map.groupBy(members, ({ asset, venue }) => asset ?? venue)].map(([name, contracts]) => (
              <li key={name}>
                <button
                  type="button"
                  title={contracts
                    .map((signal) => `${signal.instrument ?? signal.venue}: ${openText(signal, nowMs)}`)
                    .join('\n')}
                  // Of a venue as a whole there is nothing to choose.
                  disabled={contracts[0]?.asset === null}
                  onClick={() => onChoose(name, contracts[0]?.instrument ?? '')}
                >
                  {name} {contracts.length > 1 && <span className="aside">× {contracts.length}</span>}
                </button>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  )
}

const classOf = (label: string) => `label-${label.toLowerCase()}`

/** In a contract's row: that a signal is open on it. */
export function SignalMark({ label }: { label: string }): ReactNode {
  return (
    <span className={`signal-mark ${classOf(label)}`} role="img" aria-label={`open signal: ${label}`} title={label}>
      ●
    </span>
  )
}

function openText({ type, openedAt }: Signal, nowMs: number): string {
  return `${type}, open for ${spanText(nowMs - Date.parse(openedAt))}`
}

/** What is open on one contract, and what that means. */
export function SignalNotes({ signals, nowMs }: Pick<SignalStripProps, 'signals' | 'nowMs'>): ReactNode {
  return signals.map((signal) => (
    <section key={signal.id} className={`signal-note ${classOf(signal.label)}`}>
      <h3>
        {signal.label} <span className="aside">{openText(signal, nowMs)}</span>
      </h3>
      <p>{signal.explanation.meaning}</p>
      <p className="aside">{signal.explanation.closesWhen}</p>
    </section>
  ))
}
