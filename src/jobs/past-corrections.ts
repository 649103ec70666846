import { doubtsOf, type Instrument } from '../domain/instrument.ts'
import { isoOf } from '../domain/time.ts'
import type { NewEvent } from '../store/events.ts'
import type { Revised } from '../store/price-corrections.ts'
import { subjectOf } from './event-subject.ts'
import { hashOf } from './signal-ids.ts'

/** What was corrected of an instrument; a basis also says against which coin. */
type Corrected = { readonly fact: 'market' } | { readonly fact: 'basis'; readonly spot: string }

/** A stretch of the past that has other values now, as one event; its rows are in `/v1/changes`. None where nothing was corrected. */
export function correctionEvents(
  instrument: Instrument,
  corrected: Corrected,
  revised: readonly Revised[]
): NewEvent[] {
  if (revised.length === 0) return []
  const { id, key, venue, asset } = instrument
  const times = revised.map(({ at }) => at)
  const [from, to] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))]
  const data = { ...corrected, instrument: key, venue, asset, from: isoOf(from), to: isoOf(to), rows: revised.length }
  const told = revised.map(({ at, revision }) => [at, revision])
  return [
    {
      id: `evt_${hashOf(['data.corrected', corrected, key, told])}`,
      type: 'data.corrected',
      at: from,
      about: subjectOf(id, instrument),
      data: { ...data, reasons: doubtsOf(instrument) }
    }
  ]
}
