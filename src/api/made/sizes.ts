import { depthView } from '../../contract/depth.ts'
import { flowView } from '../../contract/flow.ts'
import { openInterestView } from '../../contract/open-interest.ts'
import { stablecoinView } from '../../contract/stablecoins.ts'
import { type Instrument, isDollarLike } from '../../domain/instrument.ts'
import type { Latest } from '../../domain/latest.ts'
import { DAY, MINUTE } from '../../domain/time.ts'
import { listLatestDepths, type StoredDepth } from '../../store/depth.ts'
import { listFlows, listLatestFlows, type StoredFlow } from '../../store/flow.ts'
import { listLatest } from '../../store/latest.ts'
import { listDepthsAt, listMarketsAt } from '../../store/markets-at.ts'
import type { Moment } from '../at.ts'
import type { ApiContext } from '../context.ts'
import { madeOf, type Read } from './reading.ts'

/** So many rounds, as the answers of now have it. */
const ROUNDS = 3
/** Open interest is asked for this often at least, and repeated in every row between. */
const KEPT_WITHIN_MS = 10 * MINUTE

async function latestOf({ db }: ApiContext, id: number, { nowMs, isPast }: Moment): Promise<Latest | undefined> {
  const found = isPast
    ? await listMarketsAt(db, [id], { atMs: nowMs, sinceMs: nowMs - KEPT_WITHIN_MS })
    : await listLatest(db, [id])
  return found.get(id)
}

type OpenInterestRows = {
  readonly nowMs: number
  readonly contract: Instrument
  readonly latest: Pick<Latest, 'openInterest' | 'volume'> | null
  readonly rhythm: { readonly pollMs: number; readonly openInterestMs: number }
}

export const readOpenInterest: Read = async (context, { instrument, moment }) => {
  if (instrument.kind === 'spot') return 'not_a_contract'
  const found = await latestOf(context, instrument.id, moment)
  const { pollMs, openInterestMs } = context.config
  const rows: OpenInterestRows = {
    nowMs: moment.nowMs,
    contract: instrument,
    latest: found ? { openInterest: found.openInterest, volume: found.volume } : null,
    rhythm: { pollMs, openInterestMs }
  }
  return madeOf(rows, ({ contract, latest, ...at }) =>
    openInterestView(contract, (latest as Latest | null) ?? undefined, at)
  )
}

type DepthRows = {
  readonly nowMs: number
  readonly maxAgeMs: number
  readonly book: Instrument
  readonly depth: StoredDepth
}

export const readDepth: Read = async ({ db, config }, { instrument, moment: { nowMs, isPast } }) => {
  const ids = [instrument.id]
  const found = isPast
    ? await listDepthsAt(db, ids, { atMs: nowMs, sinceMs: nowMs - DAY })
    : await listLatestDepths(db, ids, nowMs - DAY)
  const depth = found.get(instrument.id)
  if (depth === undefined) return isPast ? 'no_row' : 'not_observed'
  const rows: DepthRows = { nowMs, maxAgeMs: ROUNDS * config.depth.everyMs, book: instrument, depth }
  return madeOf(rows, ({ book, depth: known, ...at }) => {
    return depthView(book, undefined, new Map([[book.id, known]]), at).contractBook!
  })
}

type FlowRows = {
  readonly nowMs: number
  readonly maxAgeMs: number
  readonly contract: Instrument
  readonly flow: StoredFlow
}

export const readFlow: Read = async ({ db, config }, { instrument, moment: { nowMs, isPast } }) => {
  if (instrument.kind !== 'perpetual') return instrument.kind === 'spot' ? 'not_a_contract' : 'not_a_perpetual'
  const maxAgeMs = ROUNDS * config.flow.everyMs
  const since = { instrumentId: instrument.id, fromMs: nowMs - maxAgeMs, toMs: nowMs + 1 }
  const flow = isPast
    ? (await listFlows(db, { ...since, knownAtMs: null, toldAtMs: nowMs, limit: 100 })).at(-1)
    : (await listLatestFlows(db, [instrument.id], nowMs - DAY)).get(instrument.id)
  if (flow === undefined) return isPast ? 'no_row' : 'not_observed'
  const rows: FlowRows = { nowMs, maxAgeMs, contract: instrument, flow }
  return madeOf(rows, ({ contract, flow: known, ...at }) => flowView(contract, known, at))
}

type PairRows = { readonly nowMs: number; readonly pair: Instrument; readonly latest: Pick<Latest, 'quote'> | null }

export const readStablecoin: Read = async (context, { instrument, moment }) => {
  if (instrument.kind !== 'spot' || ![instrument.base, instrument.quote].every(isDollarLike)) return 'not_a_stablecoin'
  const found = await latestOf(context, instrument.id, moment)
  const rows: PairRows = { nowMs: moment.nowMs, pair: instrument, latest: found ? { quote: found.quote } : null }
  return madeOf(rows, ({ pair, latest, nowMs }) => {
    return stablecoinView(pair, (latest as Latest | null) ?? undefined, nowMs)
  })
}
