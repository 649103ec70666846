import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REGIME_BOUNDS, type RegimeState } from '../../src/domain/funding-regime.ts'
import { createRegimeSeries } from '../../src/domain/regime-series.ts'
import { createBinanceListings } from '../../src/sim/binance/listings.ts'
import type { SimInstrument } from '../../src/sim/market/instrument.ts'
import { createMarket } from '../../src/sim/market/market.ts'
import { DAY, HOUR, SEED } from './exchanges.ts'

/** What the demo fetches of the past. */
const HISTORY_DAYS = 120
const SETTINGS = {
  staleIntervals: 3,
  rules: { ...REGIME_BOUNDS, persistHours: 24 },
  windowMs: 90 * DAY,
  minSpanMs: 30 * DAY,
  minObservations: 90,
  interest8h: 0.0001,
  endings: []
}

for (const seed of [SEED, 7]) {
  const market = createMarket(seed)
  const listings = createBinanceListings(seed)

  const regimeOf = (instrument: SimInstrument, nowMs: number): RegimeState => {
    const { intervalHours } = instrument.funding!
    const stepMs = intervalHours * HOUR
    const series = createRegimeSeries(SETTINGS)
    let state: RegimeState = 'NEUTRAL'
    for (let at = Math.ceil((nowMs - HISTORY_DAYS * DAY) / stepMs) * stepMs; at <= nowMs; at += stepMs) {
      const rate = market.funding.settled(instrument, at)
      const fact = { at, rate, intervalHours, intervalSource: 'observed' as const, cap: null, floor: null }
      state = series.observe(fact).row.state
    }
    return state
  }

  test(`whenever the demo starts, its history leaves some contracts overheated and some in panic (seed ${seed})`, () => {
    for (let nowMs = Date.UTC(2026, 5, 1, 13); nowMs < Date.UTC(2027, 11, 1); nowMs += 37 * DAY) {
      // The smallest assets are not followed unless somebody names them.
      const followed = listings(nowMs).linear.filter(({ kind, asset }) => kind === 'perpetual' && asset.tier < 3)
      const states = followed.map((instrument) => regimeOf(instrument, nowMs))
      const count = (state: RegimeState) => states.filter((each) => each === state).length
      const shown = `${new Date(nowMs).toISOString()}: ${count('OVERHEATED')} overheated, ${count('PANIC')} in panic`
      assert.ok(count('OVERHEATED') >= 1 && count('PANIC') >= 1, shown)
      assert.ok(count('NEUTRAL') > states.length / 2, shown)
    }
  })
}
