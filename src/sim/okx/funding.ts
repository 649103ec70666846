import { DAY, floorTo, HOUR, MINUTE } from '../../domain/time.ts'
import type { SimInstrument } from '../market/instrument.ts'
import {
  empty,
  instrumentsOf,
  limitOf,
  type OkxRequest,
  pageOf,
  requiredInstrumentOf,
  unknownInstrument
} from './context.ts'

const DECIMALS = 16
const PAGE = 100
/** OKX keeps three months of settled rates and of premiums. */
const KEPT_MS = 92 * DAY
/** USD of the orders that impact prices are made of. */
const IMPACT_USD_BY_TIER = ['200000', '50000', '20000', '10000'] as const

/** One swap, or with `ANY` all of them. */
export function fundingRate(request: OkxRequest): readonly unknown[] {
  const id = request.params.get('instId')
  if (!id) throw empty('instId')
  if (id !== 'ANY') return [currentRow(request, requiredSwapOf(request))]
  const all = instrumentsOf({ ...request, params: new URLSearchParams() }, 'SWAP')
  return all.map((instrument) => currentRow(request, instrument))
}

function requiredSwapOf(request: OkxRequest): SimInstrument {
  const instrument = requiredInstrumentOf(request)
  if (!instrument.funding) throw unknownInstrument()
  return instrument
}

function currentRow({ market, nowMs }: OkxRequest, instrument: SimInstrument): unknown {
  const { id, funding, asset } = instrument
  const { cap, interest8h, intervalHours } = funding!
  const atMs = floorTo(nowMs, 1000)
  const last = market.funding.lastSettlement(instrument, atMs)
  const next = market.funding.nextSettlement(instrument, atMs)
  return {
    formulaType: 'withRate',
    fundingRate: market.funding.indicative(instrument, atMs).toFixed(DECIMALS),
    fundingTime: String(next),
    impactValue: IMPACT_USD_BY_TIER[asset.tier],
    instId: id,
    instType: 'SWAP',
    // Of the settlement period, not of eight hours.
    interestRate: String(Number(((interest8h * intervalHours) / 8).toFixed(10))),
    maxFundingRate: String(cap),
    method: 'current_period',
    minFundingRate: String(-cap),
    nextFundingRate: '',
    nextFundingTime: String(next + intervalHours * HOUR),
    premium: market.premium(instrument, atMs).toFixed(DECIMALS),
    prevFundingTime: String(last),
    settFundingRate: market.funding.settled(instrument, last).toFixed(DECIMALS),
    settState: 'settled',
    ts: String(nowMs)
  }
}

/** Newest first, at most 100 of the last three months. */
export function fundingRateHistory(request: OkxRequest): readonly unknown[] {
  const { market, params, nowMs } = request
  const instrument = requiredSwapOf(request)
  const limit = limitOf(params, PAGE, PAGE)
  const { beforeMs, afterMs } = pageOf(request)
  const stepMs = instrument.funding!.intervalHours * HOUR
  const earliest = Math.max(beforeMs + 1, instrument.listedAt + 1, nowMs - KEPT_MS)
  const rows: unknown[] = []
  for (
    let at = market.funding.lastSettlement(instrument, Math.min(afterMs - 1, nowMs));
    at >= earliest && rows.length < limit;
    at -= stepMs
  ) {
    const rate = market.funding.settled(instrument, at).toFixed(DECIMALS)
    rows.push({
      formulaType: 'withRate',
      fundingRate: rate,
      fundingTime: String(at),
      instId: instrument.id,
      instType: 'SWAP',
      method: 'current_period',
      realizedRate: rate
    })
  }
  return rows
}

/** Premiums minute by minute, newest first. */
export function premiumHistory(request: OkxRequest): readonly unknown[] {
  const { market, params, nowMs } = request
  const instrument = requiredSwapOf(request)
  const limit = limitOf(params, PAGE, PAGE)
  const { beforeMs, afterMs } = pageOf(request)
  const earliest = Math.max(beforeMs + 1, instrument.listedAt, nowMs - KEPT_MS)
  const rows: unknown[] = []
  for (let at = floorTo(Math.min(afterMs - 1, nowMs), MINUTE); at >= earliest && rows.length < limit; at -= MINUTE) {
    rows.push({ instId: instrument.id, premium: market.premium(instrument, at).toFixed(DECIMALS), ts: String(at) })
  }
  return rows
}
