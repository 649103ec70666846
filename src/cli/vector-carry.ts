import { carryCapacity } from '../domain/capacity.ts'
import { breakEvenConstant, carryOfPath, netCarry, reverseCarry } from '../domain/carry.ts'
import { fairBand } from '../domain/fair-band.ts'
import { carry8hOf, type FundingRule, fairDeadband, fairPerpetual } from '../domain/fair-premium.ts'
import { fundingSpread } from '../domain/funding-spread.ts'
import { shapeOfCurve } from '../domain/term-structure.ts'
import { type Fields, fieldsOf, listOf, numberOf, plain, refused, requiredOf, textOf } from './vector-values.ts'

/** Carry, spreads, fair value and the curve, by the vectors' `fn`. */
export const CARRY_VECTOR_FUNCTIONS: Readonly<Record<string, (input: Fields) => unknown>> = {
  'carry.breakEvenConstant': (input) =>
    plain(
      breakEvenConstant({
        ...feesOf(input),
        rate: requiredOf(input.rate),
        intervalHours: requiredOf(input.intervalHours),
        slippageRoundTripBps: requiredOf(input.slippageRoundTripBps),
        hoursToNextSettlement: numberOf(input.hoursToNextSettlement)
      })
    ),
  'carry.ar1Path': (input) =>
    plain(
      carryOfPath({
        path: { next: requiredOf(input.r1), longRun: requiredOf(input.rInf), persistence: requiredOf(input.rho) },
        settlements: requiredOf(input.settlements),
        costFrac: requiredOf(input.costFrac),
        intervalHours: requiredOf(input.intervalHours)
      })
    ),
  'carry.netApr': (input) =>
    plain(
      netCarry({
        ...feesOf(input),
        entryBasisExecBps: requiredOf(input.entryBasisExecBps),
        exitBasisBps: requiredOf(input.exitBasisBps),
        fundingSum: requiredOf(input.fundingSum),
        exitSlippageBps: requiredOf(input.exitSlippageBps),
        horizonHours: requiredOf(input.horizonHours),
        perpMarginFrac: requiredOf(input.perpMarginFrac)
      })
    ),
  'carry.reverse': (input) =>
    plain(
      reverseCarry({
        rate: requiredOf(input.rate),
        settlements: requiredOf(input.settlements),
        intervalHours: requiredOf(input.intervalHours),
        borrowApr: numberOf(input.borrowApr),
        costFrac: requiredOf(input.costFrac)
      })
    ),
  'carry.capacity': (input) =>
    plain(
      carryCapacity({
        bookCapacityUsd: numberOf(input.bookCapacityUsd),
        oiUsd: numberOf(input.oiUsd),
        advUsd: numberOf(input.advUsd),
        oiShare: requiredOf(input.oiShare),
        advShare: requiredOf(input.advShare)
      })
    ),
  'cross.fundingSpread': (input) =>
    plain(
      fundingSpread({
        a: legOf(input.rateA, input.intervalHoursA, input.takerA),
        b: legOf(input.rateB, input.intervalHoursB, input.takerB),
        entryMs: requiredOf(input.entryMs),
        exitMs: requiredOf(input.exitMs)
      })
    ),
  'fair.perpetual': (input) =>
    plain(
      fairPerpetual({
        ...ratesOf(input),
        spot: requiredOf(input.spot),
        intervalHours: requiredOf(input.intervalHours),
        kappaPerPeriod: requiredOf(input.kappaPerPeriod),
        iotaPerPeriod: requiredOf(input.iotaPerPeriod)
      })
    ),
  'fair.deadband': deadbandOf,
  'fair.band': (input) =>
    plain(
      fairBand({
        observedBps: numberOf(input.observedBps),
        fairLowBps: numberOf(input.fairLowBps),
        fairHighBps: numberOf(input.fairHighBps),
        costForwardBps: numberOf(input.costForwardBps),
        costReverseBps: numberOf(input.costReverseBps)
      })
    ),
  'signals.termStructure': ({ points, flatThreshold }) =>
    plain(
      shapeOfCurve(
        listOf(points)
          .map(fieldsOf)
          .flatMap(({ days, aprContinuous }) => {
            const [maturity, rate] = [numberOf(days), numberOf(aprContinuous)]
            return maturity === null || rate === null ? [] : [{ days: maturity, aprContinuous: rate }]
          }),
        requiredOf(flatThreshold)
      )
    )
}

const SCHEMES: readonly FundingRule['scheme'][] = ['clamp', 'damper0', 'none']

/** A scheme whose formula nobody has verified has no fair premium. */
function deadbandOf(input: Fields): unknown {
  const scheme = SCHEMES.find((known) => known === textOf(input.scheme))
  if (scheme === undefined) {
    return plain({ carry8hBps: carry8hOf(ratesOf(input)) * 10_000, ...refused('fairLowBps', 'fairHighBps') })
  }
  const damper = requiredOf(input.damper)
  return plain(fairDeadband({ ...ratesOf(input), scheme, interest8h: requiredOf(input.interest8h), damper }))
}

const feesOf = (input: Fields) => ({ spotTaker: requiredOf(input.spotTaker), perpTaker: requiredOf(input.perpTaker) })
const ratesOf = (input: Fields) => ({ rQuote: requiredOf(input.rQuote), rBase: requiredOf(input.rBase) })
const legOf = (rate: unknown, intervalHours: unknown, taker: unknown) => ({
  rate: numberOf(rate),
  intervalHours: numberOf(intervalHours),
  taker: requiredOf(taker)
})
