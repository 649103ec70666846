import { SIZE_SEARCH } from '../capacity.ts'
import { HOUR, HOURS_PER_YEAR } from '../time.ts'
import { BOOK, BOOKS } from './carry-words.ts'
import type { MadeMetric, Words } from './words.ts'

// What a spread of now comes to for a size.

const quoteOf = (leg: string) => ['bid', 'ask', 'bidSize', 'askSize'].map((field) => `${leg}.quote.${field}`)
const sidesOf = (leg: string) =>
  ['bids', 'asks'].flatMap((side) => [`${leg}.book.${side}.*.price`, `${leg}.book.${side}.*.size`])
const bookOf = (leg: string) => [...quoteOf(leg), ...sidesOf(leg)]
const LONG = [...bookOf('long'), 'terms.notional']
const BOTH = [...bookOf('short'), ...LONG, 'short.units', 'long.units']
const FILLED = [...BOTH, 'tradedFx.rate']

const BASE = 'base: what notional buys of the asks of long, level by level'
const REFERENCE = 'of short / reference of long − 1, in bps; reference = price · (units of short / units of long) · fx'
const IMPACT =
  'impactFrac = (midBasisBps − entryBasisBps + shortExitSlippageBps + longExitSlippageBps) / bps: each fill level by level, of the same base'
const { least, most, nearness, halvings } = SIZE_SEARCH
const SEARCH = { sizeLeast: least, sizeMost: most, sizeNearness: nearness, sizeHalvings: halvings }

const of = (field: string, unit: string, formula: string, given: Pick<MadeMetric, 'inputs' | 'constants'>): Words => ({
  [`execution${field[0]!.toUpperCase()}${field.slice(1)}`]: {
    unit,
    formula: `${formula}; ${BOOKS}`,
    inputs: given.inputs,
    constants: { ...BOOK, ...given.constants },
    path: `execution.${field}`
  }
})

/** `inputs`, `gross`, `cost`: of what settles and of fees. */
export function spreadExecution(paid: {
  readonly inputs: readonly string[]
  readonly gross: string
  readonly cost: string
}): Words {
  const net = `netFrac = grossFrac − costFrac − impactFrac; ${paid.gross}; ${paid.cost}; ${IMPACT}`
  const [hoursPerYear, netInputs] = [{ hoursPerYear: HOURS_PER_YEAR }, [...paid.inputs, ...FILLED]]
  const overHorizon = [...netInputs, 'terms.horizonHours']
  const filled = { inputs: FILLED }
  const slippage = (field: string, doing: string) =>
    of(field, 'basis points', `VWAP of ${doing} against mid, positive for the worse; ${BASE}`, { inputs: BOTH })
  return {
    ...of('notional', 'quote currency of long', 'the size unless told', { inputs: ['terms.notional'] }),
    ...of('baseQuantity', 'units of the asset', `base · units of long; ${BASE}`, { inputs: [...LONG, 'long.units'] }),
    ...of('longVwap', 'quote currency of long', `notional / base; ${BASE}`, { inputs: LONG }),
    ...of(
      'shortVwap',
      'quote currency of short',
      `what base · units of long / units of short brings on the bids of short, level by level, / that; ${BASE}`,
      { inputs: BOTH }
    ),
    ...of('fx', 'quote of short per quote of long', 'traded rate; 1 where they are the same', {
      inputs: ['tradedFx.rate']
    }),
    ...of('entryBasisBps', 'basis points', `VWAP ${REFERENCE}; ${BASE}`, filled),
    ...of('midBasisBps', 'basis points', `mid ${REFERENCE}`, filled),
    ...slippage('shortEntrySlippageBps', 'selling short'),
    ...slippage('longEntrySlippageBps', 'buying long'),
    ...slippage('shortExitSlippageBps', 'buying short back'),
    ...slippage('longExitSlippageBps', 'selling long'),
    ...of('impactFrac', 'fraction', IMPACT, filled),
    ...of('netFrac', 'fraction', net, { inputs: netInputs, constants: hoursPerYear }),
    ...of('netApr', 'fraction a year', `netFrac · hoursPerYear / horizonHours; ${net}`, {
      inputs: overHorizon,
      constants: hoursPerYear
    }),
    ...of('netAprCapital', 'fraction a year', `netFrac · hoursPerYear / horizonHours / (2 · margin); ${net}`, {
      inputs: [...overHorizon, 'terms.margin'],
      constants: hoursPerYear
    }),
    ...of(
      'breakEvenHours',
      'hours',
      'from derivedAt until the first settlement, on the grids of both from their nextSettlementAt, by which short.rate · settlements of short − ' +
        `long.rate · settlements of long is costFrac + impactFrac; ${paid.cost}; ${IMPACT}`,
      {
        inputs: [...netInputs, 'short.nextSettlementAt', 'long.nextSettlementAt', 'derivedAt'],
        constants: { hourMs: HOUR, ...hoursPerYear }
      }
    ),
    ...of(
      'sizeLimit',
      'quote currency of long',
      `the largest notional between sizeLeast and sizeMost with netFrac · hoursPerYear / horizonHours ≥ 0, by halving on a logarithmic scale; ${net}`,
      { inputs: overHorizon, constants: { ...SEARCH, ...hoursPerYear } }
    ),
    ...of('sizeBound', 'word', `what ends at sizeLimit: the books, or the net; ${net}`, {
      inputs: overHorizon,
      constants: { ...SEARCH, ...hoursPerYear }
    })
  }
}
