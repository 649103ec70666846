import { isoOf } from '../../domain/time.ts'
import type { StoredEvent } from '../../store/event-log.ts'
import type { ServedRow } from '../board-cache.ts'
import { follow, type Sources, type StreamQuestion, type Told } from './follow.ts'

/** What one follower is told, as text of server-sent events. */
export async function* messagesOf(
  sources: Sources,
  question: StreamQuestion,
  signal: AbortSignal
): AsyncGenerator<string | Buffer> {
  yield 'retry: 3000\n\n'
  const asked = JSON.stringify(question.filter, (_name, value) =>
    value instanceof Set || Array.isArray(value) ? [...value].sort() : value
  )
  for await (const told of follow(sources, question, signal)) yield messageOf(told, asked)
}

/** The words before `data` are those of the topic: a reader listens for `board`, `signal`, `funding`, `venue`. */
function messageOf(told: Told, asked: string): string | Buffer {
  const { position } = told
  switch (told.kind) {
    case 'gap':
      return message('gap', position, JSON.stringify(told.gap))
    case 'heartbeat':
      return message('heartbeat', position, JSON.stringify({ at: isoOf(told.atMs) }))
    case 'board': {
      // Followers of one process who ask the same are sent the same bytes: made once, and held once however many wait to be read.
      const { messages, board } = told.beat
      const name = `${told.venue} ${position} ${asked}`
      const known = messages.get(name)
      if (known !== undefined) return known
      const made = Buffer.from(message('board', position, boardText(told.venue, board.asOfMs, told.rows)))
      messages.set(name, made)
      return made
    }
    case 'event':
      return message(told.event.type.slice(0, told.event.type.indexOf('.')), position, eventText(told.event))
  }
}

const boardText = (venue: string, asOfMs: number, rows: readonly ServedRow[]) =>
  `{"venue":${JSON.stringify(venue)},"asOf":"${isoOf(asOfMs)}","rows":[${rows.map(({ json }) => json).join(',')}]}`

const eventText = ({ type, at, dataJson }: StoredEvent) =>
  `{"type":${JSON.stringify(type)},"timestamp":"${isoOf(at)}","data":${dataJson}}`

function message(event: string, id: number, data: string): string {
  return `event: ${event}\nid: ${id}\ndata: ${data}\n\n`
}
