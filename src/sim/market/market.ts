import { type ActivityModel, createActivityModel } from './activity.ts'
import { createFundingModel, type FundingModel } from './funding.ts'
import type { SimInstrument } from './instrument.ts'
import { createPremiumModel } from './premium.ts'
import { type RegimeOverrides, withOverrides } from './regime-overrides.ts'
import { createRegimeModel, type RegimeModel } from './regimes.ts'
import { createSpotModel, type SpotModel } from './spot.ts'

/** The whole market as a function of seed and time; any moment, past or present, answers the same every time. */
export type Market = {
  readonly seed: number
  readonly spot: SpotModel
  readonly regimes: RegimeModel & { readonly overrides: RegimeOverrides }
  readonly funding: FundingModel
  readonly activity: ActivityModel
  /** Price of one unit of the instrument's base between bid and ask. */
  mid(instrument: SimInstrument, atMs: number): number
  index(instrument: SimInstrument, atMs: number): number
  mark(instrument: SimInstrument, atMs: number): number
  /** Contract over index − 1: what funding averages. */
  premium(instrument: SimInstrument, atMs: number): number
}

export function createMarket(seed: number): Market {
  const spot = createSpotModel(seed)
  const regimes = withOverrides(createRegimeModel(seed))
  const premiums = createPremiumModel(regimes)
  const index = (instrument: SimInstrument, atMs: number) =>
    instrument.multiplier * spot.index(instrument.asset, instrument.quote, atMs)
  return {
    seed,
    spot,
    regimes,
    funding: createFundingModel(premiums),
    activity: createActivityModel(regimes),
    index,
    premium: premiums.premium,
    mark: (instrument, atMs) => index(instrument, atMs) * (1 + premiums.smoothed(instrument, atMs)),
    mid: (instrument, atMs) =>
      instrument.kind === 'spot'
        ? instrument.multiplier * spot.venueSpot(instrument.venue, instrument.asset, instrument.quote, atMs)
        : index(instrument, atMs) * (1 + premiums.premium(instrument, atMs))
  }
}
