import { REFUSALS } from '../domain/attribution.ts'
import { DRIVERS } from '../domain/driver-model.ts'
import { CONTRACT_KINDS, PRICE_KINDS } from './board.ts'
import { carryParameters } from './carry-parameters.ts'
import { historyParameters } from './history-parameters.ts'
import { described, required } from './parameter.ts'
import { time as moment, word } from './parameters.ts'
import {
  absences,
  arrayOf,
  count,
  decimal,
  type FieldSchema,
  nullable,
  number,
  numberOrNull,
  object,
  oneOf,
  oneOfOrNull,
  text,
  texts,
  time,
  timeOrNull,
  truth,
  truthOrNull
} from './schema.ts'

export const DRIVERS_MEANING =
  'What the residual went with over the hours before, not what caused it. Parts add up to the whole; what no driver goes with is unattributed.'

export const driversParameters = {
  instrument: described(
    required(word('The instrument', 'binance:BTC/USDT:USDT')),
    'The contract',
    'binance:BTC/USDT:USDT'
  ),
  spot: word('The spot leg; unless given, the one chosen for the contract now', 'binance:BTC/USDT'),
  from: moment('From then on; a day before `to` unless given, at most 31'),
  to: moment('Before then; now unless given'),
  quoteRate: carryParameters.quoteRate,
  baseRate: carryParameters.baseRate,
  knownAt: historyParameters.knownAt
}

const layerOne = {
  observedBps: decimal('Basis before fx, basis points', '7.8'),
  fxBps: decimal('What the two quotes’ rates make of it', '8'),
  fairCarryBps: decimal(
    'What the contract is worth above spot: fair premium of the venue’s formula, or carry to expiry',
    '-4.54'
  ),
  residualBps: decimal('What is left: observedBps − fxBps − fairCarryBps, exactly', '4.34')
}

const identitySchema = object({
  at: time('The basis that it is of'),
  ...layerOne,
  noiseBps: numberOrNull('One deviation of what the price moves between the two legs’ times', 0.9),
  residualSignificant: truthOrNull('Beyond two of those; null where volatility is not known')
})

const named = (part: string, sentence: string): [string, FieldSchema] => [`${part}Bps`, numberOrNull(sentence)]
const layerTwo = {
  residualBps: number('The residual, as a number', 4.34),
  baselineBps: number('Mean of the residual over the 30 days before its day', 2.1),
  ...Object.fromEntries(
    DRIVERS.map((driver) => named(driver, `Associated with ${driver}; null where nothing of it was observed`))
  ),
  unattributedBps: number('What goes with no driver', 0.4)
}

const sharesSchema = object({
  ...Object.fromEntries(DRIVERS.map((driver) => [driver, numberOrNull('Σ|part| over that of all parts, 0 to 1')])),
  unattributed: numberOrNull('The same of what goes with no driver')
})

const featureSchema = object({
  name: text('What was measured an hour before', 'takerImbalance'),
  driver: oneOf(DRIVERS, 'Which driver it belongs to'),
  isUsed: truth('Known in nine of ten hours, and not always the same'),
  betaBps: numberOrNull('Basis points of the residual per deviation of it', 1.2),
  lowBps: numberOrNull('Lower end of the 90 % interval, from resamples in blocks of a day'),
  highBps: numberOrNull('Upper end'),
  inflation: numberOrNull('How many times its variance is what it would be without the other features', 1.3),
  signStability: numberOrNull('Share of the last ten days’ models with the same sign', 1)
})

const diagnosticsSchema = object({
  trainedFrom: time('First hour of the model of `to`'),
  trainedTo: time('Where these hours end; it speaks of what comes after'),
  hours: count('Hours that it was fitted to', 720),
  coverage: number('That as a share of 30 days', 1),
  lambda: number('Strength of the ridge', 10),
  condition: numberOrNull('Largest over smallest eigenvalue of the features’ correlations; over 30 is refused'),
  judgedHours: count('Hours out of sample by which it is judged', 720),
  rSquared: numberOrNull('1 − Σ(y − ŷ)²/Σ(y − baseline)² there', 0.4),
  persistenceRSquared: numberOrNull('The same of the residual of the hour before alone', 0.35),
  effectiveHours: numberOrNull('Independent hours that the judged ones are worth', 400),
  ljungBoxP: numberOrNull('Chance of such autocorrelated errors, up to a day, if they had none', 0.2),
  cusum: numberOrNull('Furthest running sum of the errors, in deviations · √hours', 0.8),
  hasBreak: truthOrNull('Beyond 1.358: something changed within these hours')
})

export const driversSchema = object(
  {
    instrument: text('The contract', 'binance:BTC/USDT:USDT'),
    spot: text('The spot leg', 'binance:BTC/USDT'),
    venue: text('Where the contract trades', 'binance'),
    asset: text('What it is about', 'BTC'),
    kind: oneOf(CONTRACT_KINDS, 'Without or with an expiry'),
    from: timeOrNull('The first basis of the window that could be split'),
    to: timeOrNull('The last'),
    priceKind: oneOfOrNull(PRICE_KINDS, 'The prices these are of; bases of other kinds are another series'),
    quoteRate: number('Assumed: what cash earns, fraction a year', 0.05),
    baseRate: number('Assumed: what holding the coin earns, fraction a year', 0),
    identity: nullable(
      object({ start: identitySchema, end: identitySchema, change: object(layerOne, { description: 'end − start' }) })
    ),
    attribution: nullable(
      object({
        start: nullable(object(layerTwo)),
        end: object(layerTwo),
        change: nullable(object(layerTwo, { description: 'end − start' })),
        shares: sharesSchema,
        meaning: text('What it says and what not')
      })
    ),
    refusals: texts('Why nothing is attributed, all that apply', REFUSALS),
    features: arrayOf(featureSchema),
    diagnostics: nullable(diagnosticsSchema),
    absent: absences()
  },
  { $id: 'Drivers', description: 'What a basis is made of, and what it has been seen to go with' }
)
