import { CARRY_DIRECTIONS } from '../domain/carry.ts'
import { BASE_TIER, FEE_TIERS } from '../domain/fees.ts'
import { CONTRACT_KINDS } from './board.ts'
import { pageParameters } from './board-parameters.ts'
import { suggestionFor } from './nearest.ts'
import { optional, type Parameter, refuse, withFallback } from './parameter.ts'
import { choice, integer, list, listOf, numberWithin, time, word } from './parameters.ts'

export const NOTIONAL_MAX = 1e9
const YEAR_HOURS = 8_760

export const carryParameters = {
  asset: list('Assets', 'BTC'),
  instrument: list('Contracts', 'binance:BTC/USDT:USDT'),
  spot: word(
    'The spot leg, of the same asset on any venue; needs `instrument` with one contract. Unless given, the one chosen for each',
    'bybit:BTC/USDT'
  ),
  venue: list('Venues of the contract', 'binance,bybit'),
  kind: listOf(CONTRACT_KINDS, 'Kinds of contract'),
  direction: choice(CARRY_DIRECTIONS, 'Short contract and long spot, or the reverse; both unless given'),
  notional: withFallback(
    numberWithin('Size of the spot leg in its quote currency, dollars at par', {
      minimum: 0,
      maximum: NOTIONAL_MAX,
      isAbove: true
    }),
    50_000
  ),
  horizonHours: withFallback(
    numberWithin('How long it is held, hours; dated contracts are held to expiry as well', {
      minimum: 0,
      maximum: YEAR_HOURS,
      isAbove: true
    }),
    168
  ),
  at: time('As it stood then; now unless given'),
  feeTier: withFallback(feeTier(), BASE_TIER),
  spotTaker: numberWithin('Taker fee of the spot leg, fraction of notional, in place of the table’s', {
    minimum: -0.01,
    maximum: 0.1
  }),
  contractTaker: numberWithin('Taker fee of the contract, fraction of notional, in place of the table’s', {
    minimum: -0.01,
    maximum: 0.1
  }),
  borrowApr: numberWithin('What borrowing the coin costs, fraction a year; a reverse carry is refused without it', {
    minimum: 0,
    maximum: 100
  }),
  margin: withFallback(numberWithin('Margin of the contract, fraction of notional', { minimum: 0, maximum: 10 }), 0.2),
  quoteRate: withFallback(numberWithin('What cash earns, fraction a year', { minimum: -1, maximum: 10 }), 0.05),
  baseRate: numberWithin('What holding the coin earns, fraction a year; 0.03 for ETH and 0 for others unless given', {
    minimum: -1,
    maximum: 10
  }),
  minNetApr: withFallback(
    numberWithin('Net on capital that a size must reach to count as capacity, fraction a year', {
      minimum: -10,
      maximum: 100
    }),
    0.08
  ),
  limit: withFallback(integer('Rows of a page: each walks its books for many sizes', 1, 200), 50),
  cursor: pageParameters.cursor
}

/** The name of a tier of the fee table; a venue that has none of that name is taken at its base tier. */
export function feeTier(): Parameter<string | undefined> {
  const schema = { type: 'string', enum: FEE_TIERS }
  return optional('Fee tier, by name; a venue without one of that name counts at its base tier', schema, (text) => {
    const found = FEE_TIERS.find((tier) => tier === text.toLowerCase())
    return found ?? refuse(`one of ${FEE_TIERS.join(', ')}${suggestionFor(text, FEE_TIERS)}`)
  })
}
