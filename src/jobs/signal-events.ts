import { signalView } from '../contract/signals.ts'
import type { Signal, SignalSubject } from '../domain/signal.ts'
import type { EventType, NewEvent } from '../store/events.ts'
import { subjectOf } from './event-subject.ts'
import { eventIdOf } from './signal-ids.ts'

export type SignalEventType = Extract<EventType, `signal.${string}`>

/** What is told of a signal as it stood at a time. `activation`: of what the change of parameters brought about. */
export function signalEvent(
  type: SignalEventType,
  at: number,
  signal: Signal,
  subject: SignalSubject,
  activation?: number
): NewEvent {
  return {
    id: eventIdOf(signal.id, type, at, activation),
    type,
    at,
    about: subjectOf(signal.instrumentId, subject),
    signal: { type: signal.type, label: signal.label },
    data: signalView(signal, subject)
  }
}

/** In the order in which they happened: the publisher keeps it. At one moment: opened, then updated, then closed. */
export function inOrder(events: readonly NewEvent[]): NewEvent[] {
  return events.toSorted((a, b) => a.at - b.at || rankOf(a) - rankOf(b))
}

const rankOf = ({ type }: NewEvent) => ['signal.opened', 'signal.updated', 'signal.closed'].indexOf(type)
