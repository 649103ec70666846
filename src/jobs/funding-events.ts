import { intervalView, type SettlementFact, settlementView } from '../contract/funding-rows.ts'
import type { Instrument } from '../domain/instrument.ts'
import { DAY } from '../domain/time.ts'
import type { NewEvent } from '../store/events.ts'
import type { IntervalChange } from '../store/interval-ledger.ts'
import { hashOf } from './signal-ids.ts'

type Told = Pick<Instrument, 'id' | 'key' | 'venue' | 'asset' | 'kind'>

/** A change that took effect longer ago is history when it is found: it is kept, and nobody is told. */
const CHANGE_IS_NEWS_MS = 7 * DAY

/** A settlement that was followed as it happened. */
export function settledEvent(instrument: Told, settlement: SettlementFact): NewEvent {
  return {
    id: `evt_${hashOf(['funding.settled', instrument.key, settlement.settledAt])}`,
    type: 'funding.settled',
    at: settlement.settledAt,
    about: aboutOf(instrument),
    data: settlementView(settlement, instrument.key)
  }
}

/** The venue now says another rate than it did, of a settlement that was told. */
export function correctedEvent(instrument: Told, settlement: SettlementFact): NewEvent {
  const { settledAt, revision } = settlement
  return {
    id: `evt_${hashOf(['data.corrected', 'settlement', instrument.key, settledAt, revision])}`,
    type: 'data.corrected',
    at: settledAt,
    about: aboutOf(instrument),
    data: { fact: 'settlement', ...settlementView(settlement, instrument.key) }
  }
}

/** The interval in force has changed, as far as it is news. */
export function changeEvents(instrument: Told, changes: readonly IntervalChange[], nowMs: number): NewEvent[] {
  return changes
    .filter(({ entry }) => entry.effectiveFrom >= nowMs - CHANGE_IS_NEWS_MS)
    .map((change) => ({
      id: `evt_${hashOf(['funding.interval_changed', instrument.key, change.entry.effectiveFrom, change.entry.hours, change.entry.revision])}`,
      type: 'funding.interval_changed',
      at: change.entry.effectiveFrom,
      about: aboutOf(instrument),
      data: intervalView(change, { instrument: instrument.key, venue: instrument.venue, asset: instrument.asset })
    }))
}

const aboutOf = ({ id, venue, asset, kind }: Told) => ({ instrumentId: id, venue, asset, kind })
