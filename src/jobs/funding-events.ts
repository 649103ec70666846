import { type IntervalFact, intervalView, type SettlementFact, settlementView } from '../contract/funding-rows.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { LedgerEntry } from '../domain/interval-ledger.ts'
import { DAY } from '../domain/time.ts'
import type { Transaction } from '../store/database.ts'
import { listStoredEvents, type NewEvent } from '../store/events.ts'
import type { IntervalNews } from '../store/interval-ledger.ts'
import { subjectOf } from './event-subject.ts'
import { hashOf } from './signal-ids.ts'

type Told = Pick<Instrument, 'id' | 'key' | 'venue' | 'asset' | 'kind' | 'quarantine'>

/** A change that took effect longer ago is history when it is found: it is kept, and nobody is told. */
const CHANGE_IS_NEWS_MS = 7 * DAY

/** A settlement that was followed as it happened. */
export function settledEvent(instrument: Told, settlement: SettlementFact): NewEvent {
  return {
    id: `evt_${hashOf(['funding.settled', instrument.key, settlement.settledAt])}`,
    type: 'funding.settled',
    at: settlement.settledAt,
    about: subjectOf(instrument.id, instrument),
    data: settlementView(settlement, instrument)
  }
}

/** The venue now says another rate than it did, of a settlement that was told. */
export function correctedEvent(instrument: Told, settlement: SettlementFact): NewEvent {
  const { settledAt, revision } = settlement
  return {
    id: `evt_${hashOf(['data.corrected', 'settlement', instrument.key, settledAt, revision])}`,
    type: 'data.corrected',
    at: settledAt,
    about: subjectOf(instrument.id, instrument),
    data: { fact: 'settlement', ...settlementView(settlement, instrument) }
  }
}

/** What is new of a contract's interval: a change of it, as far as it is news, and told changes that there were none. */
export async function intervalEvents(
  client: Transaction,
  instrument: Told,
  news: readonly IntervalNews[],
  nowMs: number
): Promise<NewEvent[]> {
  const withdrawals = news.flatMap(({ withdrawn, knownAt }) => withdrawn.map((each) => ({ ...each, knownAt })))
  const told = await listStoredEvents(
    client,
    withdrawals.flatMap(({ said }) => changeIdsOf(instrument, said))
  )
  return [
    ...withdrawals
      .filter(({ said }) => changeIdsOf(instrument, said).some((id) => told.has(id)))
      .map((withdrawal) => withdrawnEvent(instrument, withdrawal)),
    ...news.flatMap(({ change, knownAt }) =>
      change === null || change.entry.effectiveFrom < nowMs - CHANGE_IS_NEWS_MS
        ? []
        : [changeEvent(instrument, { ...change, knownAt })]
    )
  ]
}

function changeEvent(instrument: Told, change: IntervalFact): NewEvent {
  return {
    id: changeId(instrument, change.entry),
    type: 'funding.interval_changed',
    at: change.entry.effectiveFrom,
    about: subjectOf(instrument.id, instrument),
    data: intervalView(change, instrumentOf(instrument))
  }
}

type Withdrawal = IntervalNews['withdrawn'][number] & { readonly knownAt: number }

/** The change that was told did not happen: later settlements show what stands in its place. */
function withdrawnEvent(instrument: Told, { said, now, knownAt }: Withdrawal): NewEvent {
  return {
    id: `evt_${hashOf(['data.corrected', 'funding_interval', instrument.key, said.effectiveFrom, now.entry.revision])}`,
    type: 'data.corrected',
    at: said.effectiveFrom,
    about: subjectOf(instrument.id, instrument),
    data: {
      fact: 'funding_interval',
      withdrawnHours: said.hours,
      ...intervalView({ ...now, knownAt }, instrumentOf(instrument))
    }
  }
}

type ChangeName = Pick<LedgerEntry, 'effectiveFrom' | 'hours' | 'revision'>

const changeId = ({ key }: Told, { effectiveFrom, hours, revision }: ChangeName) =>
  `evt_${hashOf(['funding.interval_changed', key, effectiveFrom, hours, revision])}`

/** A change may have been told at any of its entry's revisions. */
const changeIdsOf = (instrument: Told, said: LedgerEntry) =>
  Array.from({ length: said.revision + 1 }, (_, revision) => changeId(instrument, { ...said, revision }))

const instrumentOf = ({ key, venue, asset, quarantine }: Told) => ({ instrument: key, venue, asset, quarantine })
