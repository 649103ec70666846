import { doubtsOf, type Instrument } from '../domain/instrument.ts'
import { isoOf } from '../domain/time.ts'
import { noteCorrections } from '../store/corrections.ts'
import type { Transaction } from '../store/database.ts'
import { insertEvents, type NewEvent } from '../store/events.ts'
import type { Revised } from '../store/price-corrections.ts'
import { subjectOf } from './event-subject.ts'
import { hashOf } from './signal-ids.ts'

/** What was corrected of an instrument; a basis also says against which coin. */
type Corrected = { readonly fact: 'market' } | { readonly fact: 'basis'; readonly spot: Instrument }

/** Tells of a stretch of the past that has other values now, as one event, and lists its rows at `/v1/changes` for good. */
export async function tellCorrections(
  client: Transaction,
  instrument: Instrument,
  corrected: Corrected,
  revised: readonly Revised[]
): Promise<void> {
  if (revised.length === 0) return
  const { id } = instrument
  const series =
    corrected.fact === 'basis'
      ? { fact: corrected.fact, instrumentId: id, spotId: corrected.spot.id }
      : { fact: corrected.fact, instrumentId: id }
  await noteCorrections(client, series, revised)
  await insertEvents(client, [correctionEvent(instrument, corrected, revised)])
}

function correctionEvent(instrument: Instrument, said: Corrected, revised: readonly Revised[]): NewEvent {
  const { id, key, venue, asset } = instrument
  const times = revised.map(({ at }) => at)
  const [from, to] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))]
  const corrected = said.fact === 'basis' ? { fact: said.fact, spot: said.spot.key } : said
  const data = { ...corrected, instrument: key, venue, asset, from: isoOf(from), to: isoOf(to), rows: revised.length }
  const told = revised.map(({ at, revision }) => [at, revision])
  return {
    id: `evt_${hashOf(['data.corrected', corrected, key, told])}`,
    type: 'data.corrected',
    at: from,
    about: subjectOf(id, instrument),
    data: { ...data, reasons: doubtsOf(instrument) }
  }
}
