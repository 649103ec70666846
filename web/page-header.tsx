import { type ReactNode, type SubmitEvent, useState } from 'react'
import { keepKey, readKey, type Venue } from './api.ts'
import { type Connection, POLL_MS } from './board-follower.ts'
import type { Moment } from './feed.ts'
import { clockText, spanText, timeText } from './numbers.ts'

type PageHeaderProps = { readonly moment: Moment; readonly onKey: () => void }

/** Where we are, how the venues and the connection are doing, and what must not be overlooked. */
export function PageHeader({ moment, onKey }: PageHeaderProps): ReactNode {
  const { venues, connection, asOf, silentMs, isSimulated } = moment
  return (
    <header className="page-header">
      <div className="top">
        <h1>Contango</h1>
        <nav aria-label="Pages">
          <a href="/" aria-current="page">
            Board
          </a>
          <a href="/graphiql">GraphQL</a>
          <a href="/docs">API</a>
        </nav>
        <ul className="venues" aria-label="Venues">
          {venues.map((venue) => (
            <VenueState key={venue.venue} {...venue} />
          ))}
        </ul>
        <KeyField isWanted={connection.state === 'refused'} onKey={onKey} />
        <p className="connection" role="status">
          <span className={`dot dot-${silentMs === undefined ? connection.state : 'failing'}`} />
          {silentMs === undefined ? CONNECTION_WORDS[connection.state] : CONNECTION_WORDS.failing}
        </p>
        <time dateTime={asOf}>{asOf === undefined ? '' : `${clockText(asOf)} UTC`}</time>
      </div>
      {isSimulated && <p className="notice">Simulated exchanges: none of these numbers is a market’s.</p>}
      {silentMs !== undefined && (
        <p className="alarm" role="alert">
          Nothing has arrived for {spanText(silentMs)}: what is below is not current.
        </p>
      )}
      <Trouble connection={connection} />
    </header>
  )
}

const CONNECTION_WORDS: Readonly<Record<Connection['state'], string>> = {
  connecting: 'connecting …',
  streaming: 'live',
  polling: `asking every ${POLL_MS / 1_000} s`,
  refused: 'a key is needed',
  failing: 'no answer'
}

function Trouble({ connection }: { connection: Connection }): ReactNode {
  if (!('why' in connection)) return null
  return (
    <p className="alarm" role="alert">
      {connection.state === 'refused' ? connection.why : `The service does not answer: ${connection.why}`}
    </p>
  )
}

function VenueState({ name, state, reason, lastSuccessAt, lagMs, received, expected }: Venue): ReactNode {
  const facts = [
    reason,
    received !== null && expected !== null && `${received} of ${expected} instruments`,
    lagMs !== null && `stored ${spanText(lagMs)} after the poll`,
    lastSuccessAt !== null && `last answer ${timeText(lastSuccessAt)} UTC`
  ].filter((fact) => typeof fact === 'string')
  return (
    <li title={facts.join('\n')}>
      <span className={`dot venue-${state}`} />
      {name} <span className={state === 'up' ? 'aside' : 'doubt'}>{state}</span>
      {reason !== null && <span className="doubt"> ({reason})</span>}
    </li>
  )
}

/** Shown where the service asks for a key, or has been given one. */
function KeyField({ isWanted, onKey }: { isWanted: boolean; onKey: () => void }): ReactNode {
  const [text, setText] = useState('')
  const [isKept, setIsKept] = useState(readKey() !== '')
  const use = (key: string) => {
    keepKey(key)
    setIsKept(key !== '')
    setText('')
    onKey()
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    use(text.trim())
  }
  if (isKept && !isWanted) {
    return (
      <button type="button" title="The key is kept in this tab only" onClick={() => use('')}>
        Forget key
      </button>
    )
  }
  if (!isWanted) return null
  return (
    <form className="key" onSubmit={submit}>
      <label>
        API key
        <input
          type="password"
          autoComplete="off"
          placeholder="ctg_…"
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
      </label>
      <button type="submit">Use</button>
    </form>
  )
}
