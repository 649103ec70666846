import { BPS } from '../basis.ts'
import { DAYS_PER_YEAR } from '../dated.ts'
import { DAY } from '../time.ts'
import type { MadeMetric, Words } from './words.ts'

const CARRY =
  'of a perpetual (fairLowBps + fairHighBps) / 2, of a future (quoteRate − baseRate) · days · bps / daysPerYear; days = (expiresAt − tickAt) / dayMs, ' +
  'not below 0'
const carryConstants = { bps: BPS, daysPerYear: DAYS_PER_YEAR, dayMs: DAY }
const CARRY_INPUTS = ['fairLowBps', 'fairHighBps', 'quoteRate', 'baseRate', 'expiresAt']

/** The parts of a basis at an end of the window, exact decimals; or of its change from one to the other. */
const parts = (place: 'start' | 'end' | 'change'): Words => {
  const ends = place === 'change' ? (['start', 'end'] as const) : [place]
  const of = (fields: readonly string[], more: readonly string[] = []) => [
    ...ends.flatMap((end) => fields.map((field) => `${end}.${field}`)),
    ...more
  ]
  const part = (
    field: string,
    formula: string,
    rest: Pick<MadeMetric, 'inputs' | 'constants'>
  ): [string, MadeMetric] => [
    `${place}${field}`,
    {
      unit: 'basis points',
      formula: `${formula}, exact${place === 'change' ? '; at the end − at the start' : ''}`,
      path: `identity.${place}.${field[0]!.toLowerCase()}${field.slice(1)}`,
      ...rest
    }
  ]
  return Object.fromEntries([
    part('ObservedBps', 'as stored', { inputs: of(['observedBps']) }),
    part('FxBps', 'observed − adjusted basis', { inputs: of(['observedBps', 'adjustedBps']) }),
    part('FairCarryBps', CARRY, { inputs: of(['tickAt'], CARRY_INPUTS), constants: carryConstants }),
    part('ResidualBps', `observed − fx − fair carry = adjusted basis − fair carry; fair carry ${CARRY}`, {
      inputs: of(['observedBps', 'adjustedBps', 'tickAt'], CARRY_INPUTS),
      constants: carryConstants
    })
  ])
}

/** Layer 1: what a basis is made of. */
export const DRIVERS_IDENTITY: Words = { ...parts('start'), ...parts('end'), ...parts('change') }
