import { MOVEMENT_MS } from '../aggregates.ts'
import { STANDING_DAYS } from '../funding-standing.ts'
import { MAD_TO_DEVIATION } from '../statistics.ts'
import { DAY, HOUR, HOURS_PER_YEAR } from '../time.ts'
import type { MadeMetric, Words } from './words.ts'

// Numbers by which something stands in its own past.

const TIMES = ['settlements.*.settledAt']
const RATES = ['settlements.*.rate', 'settlements.*.intervalHours']
const rate8h = 'rate · 8 / intervalHours, rounded to 12 digits'

/** Among the settlements of so many days until the newest. */
const standing = (days: number): Words => {
  const of = (unit: string, formula: string, inputs: readonly string[], constants = {}): MadeMetric => ({
    unit,
    formula:
      `${formula}; of the settlements of the ${days} d until the newest, itself included, those of a known interval and, ` +
      'below 8 h, of the newest’s formula',
    inputs,
    constants: { days, dayMs: DAY, ...constants }
  })
  const due = [...TIMES, 'settlements.*.intervalHours', 'listedAt']
  const expected = 'hours between settlements / the later’s interval, to the window’s edges by the nearest’s, of all'
  return {
    [`percentile${days}d`]: of(
      'percent, 0 to 100',
      `100 · (number below + half of the number equal) / number, of rate8h = ${rate8h}`,
      RATES
    ),
    [`z${days}d`]: of(
      'deviations',
      `(rate8h − median) / (madToDeviation · median of |rate8h − median|), or by mean and deviation where that is 0, and 0 where ` +
        `all are the same; rate8h = ${rate8h}`,
      RATES,
      { madToDeviation: MAD_TO_DEVIATION }
    ),
    [`settlements${days}d`]: of('settlements', 'their number', TIMES),
    [`expected${days}d`]: of('settlements', expected, due, { hourMs: HOUR }),
    [`coverage${days}d`]: of('share', `min(1, number / expected); expected = ${expected}`, due, { hourMs: HOUR }),
    [`spanDays${days}d`]: of('days', '(newest − oldest) / dayMs', TIMES)
  }
}

const NEWEST = ['newest.rate', 'newest.intervalHours']
export const FUNDING_STANDINGS: Words = {
  rate: { unit: 'fraction per interval', formula: 'as settled', inputs: ['newest.rate'] },
  intervalHours: { unit: 'hours', formula: 'as settled', inputs: ['newest.intervalHours'] },
  rate8h: { unit: 'fraction per 8 h', formula: rate8h, inputs: NEWEST },
  apr: {
    unit: 'fraction a year',
    formula: 'rate · (hoursPerYear / intervalHours)',
    inputs: NEWEST,
    constants: { hoursPerYear: HOURS_PER_YEAR }
  },
  ...Object.assign({}, ...STANDING_DAYS.map(standing))
}

const HOURS = ['hours.*.startAt', 'hours.*.basisBps']
const hourMs = { hourMs: HOUR }
const pairs = 'of the pairs of hours exactly one apart'
const perHour = `deviation of later − earlier, before fx, by their number; ${pairs}`
const persistence = `slope of a line of least squares of the later on the earlier, before fx; ${pairs}`
export const BASIS_MOVEMENT: Words = {
  volatilityPerHourBps: { unit: 'basis points', formula: perHour, inputs: HOURS, constants: hourMs },
  volatilityPerDayBps: {
    unit: 'basis points',
    formula: `volatilityPerHourBps · √(dayMs / hourMs); volatilityPerHourBps = ${perHour}`,
    inputs: HOURS,
    constants: { ...hourMs, dayMs: DAY }
  },
  persistence: { unit: 'share of a distance', formula: persistence, inputs: HOURS, constants: hourMs },
  halfLifeHours: {
    unit: 'hours',
    formula: `−ln 2 / ln persistence; persistence = ${persistence}`,
    inputs: HOURS,
    constants: hourMs
  },
  pairs: { unit: 'pairs', formula: 'hours with the hour before', inputs: HOURS, constants: hourMs },
  hours: { unit: 'hours', formula: 'their number', inputs: ['hours.*.startAt'] },
  coverage: {
    unit: 'share',
    formula: 'hours / (windowMs / hourMs)',
    inputs: ['hours.*.startAt'],
    constants: { ...hourMs, windowMs: MOVEMENT_MS }
  }
}
