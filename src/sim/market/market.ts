import { type ActivityModel, createActivityModel } from './activity.ts'
import { DOLLAR_COIN, TETHER } from './assets.ts'
import { createFundingModel, type FundingModel } from './funding.ts'
import type { SimInstrument } from './instrument.ts'
import { createPremiumModel } from './premium.ts'
import { type RegimeOverrides, withOverrides } from './regime-overrides.ts'
import { createRegimeModel, type RegimeModel } from './regimes.ts'
import { createSpotModel, type SpotModel } from './spot.ts'

/** The whole market as a function of seed and time; any moment, past or present, answers the same every time. */
export type Market = {
  readonly seed: number
  /** What is listed, of all that moves; everything when absent. */
  readonly assets?: ReadonlySet<string>
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

/** Venues have lists of their own for these: nearest expiries, indices, what dollars are worth. */
const ALWAYS_LISTED = ['BTC', 'ETH', DOLLAR_COIN.name, TETHER.name]

/** Only `assets` are listed, when given; prices are those of the whole market. */
export function createMarket(seed: number, assets?: readonly string[]): Market {
  const spot = createSpotModel(seed)
  const regimes = withOverrides(createRegimeModel(seed))
  const premiums = createPremiumModel(regimes)
  const index = (instrument: SimInstrument, atMs: number) =>
    instrument.multiplier * spot.index(instrument.asset, instrument.quote, atMs)
  return {
    seed,
    ...(assets ? { assets: new Set([...ALWAYS_LISTED, ...assets]) } : {}),
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
