import { driversParameters } from '../../contract/drivers.ts'
import type { DriverSeries } from '../../domain/driver-model.ts'
import type { Settled } from '../../domain/expected-excess.ts'
import { baseRateOf } from '../../domain/fair-premium.ts'
import type { Instrument } from '../../domain/instrument.ts'
import { attributedOf, driversWindow, isDisplayOnly, readDriverHours } from '../operations/drivers.ts'
import type { Read } from './reading.ts'

type Rows = {
  readonly nowMs: number
  readonly contract: Pick<Instrument, 'key' | 'venue' | 'kind'>
  readonly quoteRate: number
  readonly baseRate: number
  /** Hours in a row; `residualBps` and each feature by hour, a feature as it was at the hour's end. */
  readonly series: {
    readonly startAt: number
    readonly hours: number
    readonly residualBps: DriverSeries['y']
    readonly features: DriverSeries['features']
  }
  /** Places of the window's first and last full hour. */
  readonly startHour: number
  readonly endHour: number
  readonly isWithinNoise: boolean
  readonly isDisplayOnly: boolean
  readonly settlements: readonly {
    readonly settledAt: number
    readonly rate: number
    readonly intervalHours: number | null
    readonly intervalSource: string | null
    readonly formulaVersion: number
  }[]
}

/** What a contract's residual goes with, of the day before or from `from` on, with the rates unless told. */
export const readAttribution: Read = async (context, { instrument, fromMs, moment: { nowMs }, budget }) => {
  if (instrument.kind === 'spot') return 'not_a_contract'
  const { spotId, asset, key, venue, kind } = instrument
  if (spotId === null) return 'no_spot_leg'
  const window = driversWindow(context, { from: fromMs, to: nowMs }, nowMs)
  const rates = { rQuote: driversParameters.quoteRate.fallback!, rBase: baseRateOf(asset) }
  const found = await readDriverHours(context, { instrument, spotId, window, rates, knownAtMs: null }, budget)
  const { ends, made, settled } = found
  if (typeof ends === 'string') return ends
  const { startMs, y, features } = made.series
  const rows: Rows = {
    nowMs,
    contract: { key, venue, kind },
    quoteRate: rates.rQuote,
    baseRate: rates.rBase,
    series: { startAt: startMs, hours: y.length, residualBps: y, features },
    startHour: ends.start,
    endHour: ends.end,
    isWithinNoise: made.parts[ends.end]!.residualSignificant === false,
    isDisplayOnly: isDisplayOnly(context, instrument),
    settlements: settled.filter(({ at }) => at >= startMs).map(({ at, ...rest }) => ({ settledAt: at, ...rest }))
  }
  return { rows, remake: viewOf, served: await viewOf(rows) }
}

async function viewOf({ contract, series, startHour, endHour, settlements, ...rows }: Rows) {
  const { startAt, residualBps, features } = series
  const settled = settlements.map(({ settledAt, ...rest }): Settled => ({ at: settledAt, ...rest }))
  const view = await attributedOf(contract, {
    series: { startMs: startAt, y: residualBps, features },
    settled,
    start: startHour,
    end: endHour,
    isWithinNoise: rows.isWithinNoise,
    isDisplayOnly: rows.isDisplayOnly
  })
  const unmade = view.diagnostics === null ? { diagnostics: view.refusals[0], features: view.refusals[0] } : {}
  return {
    ...view,
    features: Object.fromEntries(view.features.map((feature) => [feature.name, feature])),
    absent: { ...view.absent, ...unmade }
  }
}
