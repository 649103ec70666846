import type { Held } from '../domain/instrument.ts'
import type { EventSubject } from '../store/events.ts'

type Subject = Held & Pick<EventSubject, 'venue' | 'asset' | 'kind'>

/**
 * Whom an event is about, for filters. What is under quarantine may be another coin with this name: whoever asks for the asset is not
 * told of it, whoever names its venue is.
 */
export function subjectOf(instrumentId: number | null, { venue, asset, kind, quarantine }: Subject): EventSubject {
  return { instrumentId, venue, asset: quarantine === null ? asset : null, kind }
}
