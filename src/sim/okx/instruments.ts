import { fixed, trimmed } from '../answer.ts'
import type { SimInstrument } from '../market/instrument.ts'
import { empty, familyOf, instrumentsOf, instTypeOf, type OkxRequest, typeOf } from './context.ts'
import { aliasOf } from './expiries.ts'
import { faceValueOf } from './listings.ts'

/** Contracts are traded in hundredths, coin-margined ones in tenths, dated ones whole or in tenths alike. */
const LOT_DECIMALS = { linear: 2, inverse: 1 } as const

/** public/instruments: all of a type; options only of an underlying that is named, and there are none. */
export function instruments(request: OkxRequest): readonly unknown[] {
  const type = instTypeOf(request)
  if (type === 'OPTION' && !request.params.get('uly') && !request.params.get('instFamily')) throw empty('instFamily')
  if (type === 'OPTION') return []
  return instrumentsOf(request, type).map((instrument) => row(instrument, request.nowMs))
}

function row(instrument: SimInstrument, nowMs: number): unknown {
  const { kind, id, base, quote, settle, section, listedAt, expiry, tickDecimals, asset } = instrument
  const isSpot = kind === 'spot'
  const family = isSpot ? '' : familyOf(instrument)
  const lot = trimmed(fixed(1, isSpot ? 8 : LOT_DECIMALS[section === 'inverse' ? 'inverse' : 'linear']))
  return {
    alias: expiry === null ? '' : aliasOf(expiry, nowMs),
    auctionEndTime: '',
    baseCcy: isSpot ? base : '',
    category: '1',
    contTdSwTime: isSpot ? '' : String(listedAt),
    ctMult: isSpot ? '' : '1',
    ctType: isSpot ? '' : section,
    ctVal: isSpot ? '' : plain(faceValueOf(instrument)),
    ctValCcy: isSpot ? '' : section === 'inverse' ? 'USD' : base,
    expTime: expiry === null ? '' : String(expiry),
    freq: '',
    futureSettlement: false,
    groupId: isSpot ? '12' : '4',
    instCategory: '1',
    instFamily: family,
    instId: id,
    instIdCode: String(1 + (instrument.salt >>> 12)),
    instType: typeOf(instrument),
    lever: isSpot ? (asset.tier < 2 ? '10' : '') : '50',
    listTime: String(listedAt),
    longPosRemainingQuota: '',
    lotSz: lot,
    maxIcebergSz: '100000000.0000000000000000',
    maxLmtAmt: '20000000',
    maxLmtSz: '100000000',
    maxMktAmt: isSpot ? '1000000' : '',
    maxMktSz: isSpot ? '1000000' : '35000',
    maxPlatOICoinLmt: '',
    maxPlatOILmt: '',
    maxStopSz: isSpot ? '1000000' : '35000',
    maxTriggerSz: '100000000.0000000000000000',
    maxTwapSz: '100000000.0000000000000000',
    method: '',
    minSz: lot,
    openType: 'call_auction',
    optType: '',
    posLmtAmt: isSpot ? '' : '250000',
    posLmtPct: isSpot ? '' : '30',
    preMktSwTime: '',
    quoteCcy: isSpot ? quote : '',
    ruleType: 'normal',
    seriesId: '',
    settleCcy: isSpot ? '' : settle,
    shortPosRemainingQuota: '',
    state: 'live',
    stk: '',
    tickSz: fixed(1, tickDecimals),
    tradeQuoteCcyList: isSpot ? [quote] : [],
    uly: family,
    upcChg: []
  }
}

/** 0.01, 10000000: never with an exponent. */
function plain(value: number): string {
  return trimmed(value.toFixed(8))
}

/** Whole ticks as OKX writes prices: no trailing zeros. */
export function priceOf({ tickDecimals }: SimInstrument, ticks: number): string {
  return trimmed(fixed(ticks, tickDecimals))
}

/** A calculated price on the tick. */
export function calculatedOf(instrument: SimInstrument, value: number): string {
  return priceOf(instrument, Math.max(1, Math.round(value * 10 ** instrument.tickDecimals)))
}

/** Contracts (coins of a spot market) of so many quantity steps: at least one lot. */
export function sizeOf(instrument: SimInstrument, steps: number): string {
  const units = steps / 10 ** instrument.stepDecimals
  if (instrument.kind === 'spot') return trimmed(units.toFixed(8))
  return contractsOf(instrument, instrument.section === 'inverse' ? units : units / faceValueOf(instrument))
}

export function contractsOf({ section }: SimInstrument, contracts: number): string {
  const decimals = LOT_DECIMALS[section === 'inverse' ? 'inverse' : 'linear']
  return trimmed(Math.max(10 ** -decimals, contracts).toFixed(decimals))
}
