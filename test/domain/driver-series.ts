import type { DriverSeries } from '../../src/domain/driver-model.ts'
import { normalQuantile } from '../../src/domain/normal.ts'
import { createRandom } from '../../src/domain/random.ts'

export const SERIES_HOURS = 24 * 70

/** A basis made of lagged drivers with weights that are known, and noise. */
export function madeSeries(
  seed: number,
  { noise = 1, isShuffled = false, isPureNoise = false, persistence = 0.95 } = {}
) {
  const random = createRandom(seed)
  const normal = () => normalQuantile(Math.min(Math.max(random(), 1e-12), 1 - 1e-12))
  const walk = () => {
    let value = normal()
    return Array.from({ length: SERIES_HOURS }, () => {
      value = persistence * value + Math.sqrt(1 - persistence ** 2) * normal()
      return value
    })
  }
  const features = [
    { name: 'expectedFunding', driver: 'carry', weight: 4, values: walk() },
    { name: 'takerImbalance', driver: 'flow', weight: 2, values: walk() },
    { name: 'imbalance', driver: 'flow', weight: 1, values: walk() },
    { name: 'depth', driver: 'liquidity', weight: 1.5, values: walk() },
    { name: 'openInterest', driver: 'speculation', weight: 1, values: walk() },
    { name: 'volatility', driver: 'speculation', weight: 0.5, values: walk() }
  ] as const
  const y = Array.from({ length: SERIES_HOURS }, (_, hour) => {
    const pushed = features.reduce((sum, { weight, values }) => sum + weight * (values[hour - 1] ?? 0), 0)
    return isPureNoise ? normal() : 2 + pushed + noise * normal()
  })
  const order = Array.from({ length: SERIES_HOURS }, (_, hour) => hour)
  if (isShuffled) shuffle(order, random)
  const series: DriverSeries = {
    startMs: Date.UTC(2026, 0, 1, 5),
    y,
    features: features.map(({ name, driver, values }) => ({ name, driver, values: order.map((hour) => values[hour]!) }))
  }
  return { series, features }
}

function shuffle(order: number[], random: () => number): void {
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1))
    const moved = order[last]!
    order[last] = order[other]!
    order[other] = moved
  }
}
