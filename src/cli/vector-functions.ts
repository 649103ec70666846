import { basisBetween, basisOfPrices, quoteAdjustedBasis } from '../domain/basis.ts'
import { annualiseDated, forwardRate } from '../domain/dated.ts'
import {
  annualiseFunding,
  fundingCoverage,
  fundingFromPremium,
  includedSettlements,
  inverseFundingPayment,
  parseIntervalHours,
  realisedFunding
} from '../domain/funding.ts'
import { type GateContract, type GateLeg, judgeGates } from '../domain/gates.ts'
import { resolveMultiplier } from '../domain/multiplier.ts'
import { openInterestInverse, openInterestLinear } from '../domain/open-interest.ts'
import { type AverageScheme, averagePremium, projectPremium } from '../domain/premium.ts'
import { skewNoiseBps } from '../domain/skew.ts'
import { CARRY_VECTOR_FUNCTIONS } from './vector-carry.ts'
import { LIQUIDITY_VECTOR_FUNCTIONS } from './vector-liquidity.ts'
import { SIGNAL_VECTOR_FUNCTIONS } from './vector-signals.ts'
import { STUDY_VECTOR_FUNCTIONS } from './vector-studies.ts'
import {
  exactOf,
  type Fields,
  fieldsOf,
  listOf,
  numberOf,
  plain,
  refused,
  requiredOf,
  textOf,
  wordOf
} from './vector-values.ts'
import { VENUE_VECTOR_FUNCTIONS } from './vector-venues.ts'

const SCHEMES: readonly AverageScheme[] = ['linear', 'arithmetic']

/** The domain function behind each vector's `fn`; the vector's own field names are translated here and nowhere else. */
export const VECTOR_FUNCTIONS: Readonly<Record<string, (input: Fields) => unknown>> = {
  ...VENUE_VECTOR_FUNCTIONS,
  ...SIGNAL_VECTOR_FUNCTIONS,
  ...LIQUIDITY_VECTOR_FUNCTIONS,
  ...STUDY_VECTOR_FUNCTIONS,
  ...CARRY_VECTOR_FUNCTIONS,
  'basis.mid': bookBasis,
  'basis.executable': bookBasis,
  'basis.multiplied': multipliedBasis,
  'basis.quoteAdjusted': (input) =>
    plain(
      quoteAdjustedBasis({
        contractMid: exactOf(input.perpMid),
        spotMid: exactOf(input.spotMid),
        usdPerContractQuote: exactOf(input.usdPerPerpQuote),
        usdPerSpotQuote: exactOf(input.usdPerSpotQuote)
      })
    ),
  'symbols.resolveMultiplier': ({ cases }) => ({ results: listOf(cases).map((item) => multiplierOf(fieldsOf(item))) }),
  'dated.annualised': (input) =>
    plain(
      annualiseDated({
        spot: exactOf(input.spot),
        future: exactOf(input.future),
        nowMs: requiredOf(input.nowMs),
        expiryMs: numberOf(input.expiryMs)
      })
    ),
  'dated.forwardRate': (input) => ({
    forwardAprContinuous: forwardRate({
      future1: exactOf(input.future1),
      days1: requiredOf(input.days1),
      future2: exactOf(input.future2),
      days2: requiredOf(input.days2)
    })
  }),
  'funding.annualise': (input) =>
    plain(annualiseFunding({ rate: numberOf(input.rate), intervalHours: numberOf(input.intervalHours) })),
  'funding.realisedApr': realisedOfSegments,
  'funding.coverage': (input) =>
    plain(
      fundingCoverage({
        windowStartMs: requiredOf(input.windowStartMs),
        windowEndMs: requiredOf(input.windowEndMs),
        intervalHours: numberOf(input.intervalHours),
        settlementTs: listOf(input.settlementTs).map(requiredOf)
      })
    ),
  'funding.fromPremium': rateFromPremium,
  'funding.parseIntervalHours': ({ values }) => ({ hours: listOf(values).map(parseIntervalHours) }),
  'funding.includedSettlements': (input) => ({
    included: includedSettlements({
      settlementTs: listOf(input.settlementTs).map(requiredOf),
      entryMs: requiredOf(input.entryMs),
      exitMs: requiredOf(input.exitMs)
    })
  }),
  'funding.inversePayment': (input) =>
    plain(
      inverseFundingPayment({
        notionalUsd: requiredOf(input.notionalUsd),
        mark: numberOf(input.mark),
        rate: requiredOf(input.rate),
        side: wordOf(input.side, ['long', 'short'])
      })
    ),
  'premium.average': ({ premiums, scheme }) =>
    plain({ average: averagePremium(listOf(premiums).map(requiredOf), wordOf(scheme, SCHEMES)) }),
  'premium.projectFinal': (input) =>
    plain(
      projectPremium({
        averageSoFar: numberOf(input.averageSoFar),
        elapsedSamples: requiredOf(input.elapsedSamples),
        totalSamples: requiredOf(input.totalSamples),
        expectedPremium: numberOf(input.expectedPremium),
        scheme: wordOf(input.scheme, SCHEMES)
      })
    ),
  'oi.linear': (input) =>
    plain(
      openInterestLinear({
        contracts: exactOf(input.contracts),
        contractSizeBase: exactOf(input.contractSizeBase),
        mark: exactOf(input.mark),
        usdPerQuote: exactOf(input.usdPerQuote)
      })
    ),
  'oi.inverse': (input) =>
    plain(
      openInterestInverse({
        contracts: exactOf(input.contracts),
        contractSizeUsd: exactOf(input.contractSizeUsd),
        mark: exactOf(input.mark)
      })
    ),
  'quality.skewNoiseBps': ({ annualVol, skewMs }) =>
    plain({ noiseBps: skewNoiseBps({ annualVol: numberOf(annualVol), skewMs: numberOf(skewMs) }) }),
  'quality.gates': gatesOfCases
}

function bookBasis(input: Fields): unknown {
  const basis = basisBetween({
    contractBid: exactOf(input.perpBid),
    contractAsk: exactOf(input.perpAsk),
    spotBid: exactOf(input.spotBid),
    spotAsk: exactOf(input.spotAsk),
    multiplier: 1,
    fx: 1
  })
  return plain({ ...basis, perpMid: basis.contractMid, midBps: basis.basisBps })
}

function multipliedBasis(input: Fields): unknown {
  const multiplier = exactOf(input.multiplier)
  if (multiplier === null) return refused('spotAdj', 'basisBps')
  const prices = { contractPrice: exactOf(input.perpMid), spotPrice: exactOf(input.spotMid) }
  const basis = basisOfPrices({ ...prices, multiplier, fx: 1 })
  return plain({ ...basis, spotAdj: basis.spotMid })
}

function multiplierOf(item: Fields): unknown {
  const spotMids = Object.entries(fieldsOf(item.spotMids)).map(([base, price]) => [base, exactOf(price)] as const)
  const resolved = resolveMultiplier({
    venue: textOf(item.venue) ?? '',
    contractBase: textOf(item.perpBase) ?? '',
    rawName: textOf(item.rawName),
    spotBases: listOf(item.spotBases).filter((base) => typeof base === 'string'),
    contractMid: exactOf(item.perpMid),
    spotMids: Object.fromEntries(spotMids)
  })
  return 'unresolved' in resolved ? null : { spotBase: resolved.spotBase, multiplier: resolved.multiplier }
}

function realisedOfSegments(input: Fields): unknown {
  const settlements = listOf(input.segments)
    .map(fieldsOf)
    .flatMap(({ rate, intervalHours, count }) =>
      Array(numberOf(count) ?? 1).fill({ rate: requiredOf(rate), intervalHours: numberOf(intervalHours) })
    )
  const { sumRate, hours, apr } = realisedFunding(settlements)
  return plain({ cumulative: sumRate, hours, apr })
}

function rateFromPremium(input: Fields): unknown {
  const premiumAverage = numberOf(input.premiumAvg)
  const intervalHours = numberOf(input.intervalHours)
  if (premiumAverage === null || intervalHours === null || intervalHours <= 0) {
    return refused('rate', 'uncapped', 'capped', 'rate8h')
  }
  return plain(
    fundingFromPremium({
      premiumAverage,
      interest8h: requiredOf(input.interest8h),
      damper: requiredOf(input.damper),
      intervalHours,
      scheme: wordOf(input.scheme, ['8/N', 'none']),
      cap: numberOf(input.cap),
      floor: numberOf(input.floor)
    })
  )
}

function gatesOfCases(input: Fields): unknown {
  const config = fieldsOf(input.config)
  const limits = {
    maxAgeMs: requiredOf(config.maxAgeMs),
    maxSkewMs: requiredOf(config.maxSkewMs),
    maxSpreadBps: requiredOf(config.maxSpreadBps),
    maxAbsBasisBps: requiredOf(config.maxAbsBasisBps),
    minListingAgeMs: requiredOf(config.minListingAgeMs),
    minTimeToExpiryMs: requiredOf(config.minTimeToExpiryMs),
    maxFutureMs: requiredOf(config.maxFutureMs)
  }
  const results = listOf(input.cases).map((item) => {
    const { nowMs, spot, perp } = fieldsOf(item)
    const reasons = judgeGates({ nowMs: requiredOf(nowMs), spot: gateLegOf(spot), perp: gateContractOf(perp) }, limits)
    return { ok: reasons.length === 0, reasons }
  })
  return { results }
}

function gateLegOf(value: unknown): GateLeg | null {
  if (value === null || value === undefined) return null
  const { bid, ask, ts, active } = fieldsOf(value)
  return {
    bid: exactOf(bid),
    ask: exactOf(ask),
    ts: numberOf(ts),
    active: typeof active === 'boolean' ? active : null
  }
}

function gateContractOf(value: unknown): GateContract | null {
  const leg = gateLegOf(value)
  const { listedMs, expiryMs } = fieldsOf(value)
  return leg === null ? null : { ...leg, listedMs: numberOf(listedMs), expiryMs: numberOf(expiryMs) }
}
