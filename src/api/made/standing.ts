import { standingView } from '../../contract/standings.ts'
import { fundingStandingOf } from '../../domain/funding-standing.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { listSettlements } from '../../store/funding-history.ts'
import { listStandings, STANDING_BACK_MS } from '../../store/funding-standing.ts'
import type { Read } from './reading.ts'
import { type SettlementRow, settlementRow, takeSettlements } from './trailing.ts'

/** A year of settlements by the quarter of an hour. */
const SETTLEMENTS_MAX = 40_000

type Rows = {
  readonly nowMs: number
  readonly staleIntervals: number
  /** The interval of the settlement to come, hours; of the past it is not kept. */
  readonly declaredHours: number | null
  readonly contract: Instrument
  /** When it was ranked: nothing settled later is in it. */
  readonly rankedAt: number
  readonly listedAt: number | null
  readonly settlements: readonly SettlementRow[]
}

/** Now: the ranks as they are kept; of the past, those of the settlements until then. */
export const readStanding: Read = async ({ db, config }, { instrument, moment: { nowMs, isPast }, budget }) => {
  if (instrument.kind !== 'perpetual') return instrument.kind === 'spot' ? 'not_a_contract' : 'not_a_perpetual'
  const kept = isPast ? undefined : (await listStandings(db, [instrument.id])).get(instrument.id)
  if (!isPast && kept === undefined) return 'no_settlements'
  if (kept?.computedAt === null) return 'not_ranked_yet'
  const rankedAt = kept?.computedAt ?? nowMs
  const range = { fromMs: rankedAt - STANDING_BACK_MS + 1, toMs: rankedAt + 1, knownAtMs: null, limit: SETTLEMENTS_MAX }
  await takeSettlements(db, { instrumentId: instrument.id, ...range }, budget)
  const settled = await listSettlements(db, { instrumentId: instrument.id, ...range })
  if (isPast && settled.length === 0) return 'no_row'
  const settlements = settled.map(settlementRow)
  const rows: Rows = {
    nowMs,
    staleIntervals: config.fundingRegime.staleIntervals,
    declaredHours: kept?.declaredHours ?? null,
    contract: instrument,
    rankedAt,
    listedAt: instrument.listedAt,
    settlements
  }
  return {
    rows: { ...rows, newest: settlements.at(-1) ?? null },
    remake: viewOf,
    served: kept === undefined ? viewOf(rows) : standingView(instrument, kept, rows)
  }
}

function viewOf({ contract, rankedAt, listedAt, declaredHours, settlements, ...moment }: Rows) {
  const settled = settlements.map((each) => ({ ...each, rate: Number(each.rate) }))
  const kept = { computedAt: rankedAt, standing: fundingStandingOf(settled, listedAt), declaredHours }
  return standingView(contract, kept, moment)
}
