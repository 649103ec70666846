import type { CarryFacts } from '../domain/carry-case.ts'
import { type CurvePoint, curvePointOf, POINT_ABSENCES } from '../domain/curve-point.ts'
import { decimalToString } from '../domain/decimal.ts'
import {
  constantMaturities,
  FLAT_APR,
  forwardsOf,
  MATURITY_ABSENCES,
  STRUCTURES,
  shapeOfCurve
} from '../domain/term-structure.ts'
import { isoOrNull } from '../domain/time.ts'
import { CONTRACT_KINDS } from './board.ts'
import { pageParameters } from './board-parameters.ts'
import { withFallback } from './parameter.ts'
import { list, numberWithin, time as timeParameter } from './parameters.ts'
import type { Realised } from './realised.ts'
import { reasonsIn } from './reasons.ts'
import {
  absences,
  arrayOf,
  decimalOrNull,
  number,
  numberOrNull,
  object,
  oneOf,
  oneOfOrNull,
  text,
  textOrNull,
  timeOrNull,
  truth
} from './schema.ts'

export const termStructureParameters = {
  asset: list('Assets', 'BTC,ETH'),
  venue: list('Venues', 'deribit,binance'),
  at: timeParameter('As it stood then; now unless given'),
  quoteRate: withFallback(numberWithin('What cash earns, fraction a year', { minimum: -1, maximum: 10 }), 0.05),
  ...pageParameters
}

const pointSchema = object({
  instrument: text('The contract', 'deribit:BTC/USD:BTC-261225'),
  spot: textOrNull('Its spot leg', 'deribit:BTC/USDC'),
  kind: oneOf(CONTRACT_KINDS, 'A perpetual is the point at day 0'),
  days: number('To expiry; 0 for a perpetual', 47.2),
  expiresAt: timeOrNull('When it expires'),
  contractMid: decimalOrNull('Mid of the contract', '101800'),
  spotMid: decimalOrNull('Mid of the spot leg in contract units and currency', '100000'),
  basisFrac: numberOrNull('contractMid / spotMid − 1', 0.018),
  aprSimple: numberOrNull('basisFrac · 365 / days', 0.1398),
  aprContinuous: numberOrNull('ln(contractMid / spotMid) · 365 / days', 0.1385),
  apyCompounded: numberOrNull('(contractMid / spotMid)^(365 / days) − 1', 0.1486),
  realisedFundingApr: numberOrNull('Of a perpetual: what it paid over the last seven days, per year', 0.09),
  isFitted: truth('Whether shape, forwards and constant maturities are made of it'),
  shortTenor: truth('Less than seven days: a basis point of noise is more than half a per cent a year'),
  absent: oneOfOrNull(POINT_ABSENCES, 'Why it has no rate'),
  observedAt: timeOrNull('When we received the older leg')
})

export const termStructureSchema = object(
  {
    asset: text('What the contracts are about', 'BTC'),
    venue: text('Where they trade', 'deribit'),
    points: arrayOf(pointSchema),
    structure: oneOfOrNull(STRUCTURES, 'All fitted rates above 0.5 % a year, all below −0.5 %, or neither'),
    slopePer30d: numberOrNull('Change of the continuous rate for each 30 days', -0.0073),
    levelMean: numberOrNull('Mean of the continuous rates', 0.1017),
    excessApr: numberOrNull('levelMean less what cash earns', 0.0517),
    forwards: arrayOf(
      object({
        fromDays: number('From this expiry', 47.2),
        toDays: number('To this one', 138.2),
        forwardAprContinuous: number('What the curve says of the time between', 0.0896)
      })
    ),
    constantMaturities: arrayOf(
      object({
        days: number('Maturity', 30),
        aprContinuous: numberOrNull('Between the expiries around it; nothing is extrapolated', 0.11),
        absent: oneOfOrNull(MATURITY_ABSENCES, 'Why there is none'),
        fromDays: numberOrNull('Days of the last expiry before it, or of the one that has it', 20.1),
        toDays: numberOrNull('Days of the first expiry after it, or of the one that has it', 47.2)
      })
    ),
    absent: absences()
  },
  { $id: 'TermStructureRow', description: 'The dated contracts of one asset on one venue, on a curve' }
)

export type CurveContract = {
  readonly facts: CarryFacts
  /** Of a perpetual over seven days. */
  readonly realised: Realised | null
}

type Curve = { readonly asset: string; readonly venue: string; readonly contracts: readonly CurveContract[] }

/** A row of `/v1/term-structure`. */
export function termStructureView({ asset, venue, contracts }: Curve, quoteAgeMs: number, quoteRate: number) {
  const placed = contracts
    .map((contract) => ({ ...contract, point: curvePointOf(contract.facts, quoteAgeMs) }))
    .sort((a, b) => a.point.days - b.point.days || (a.facts.contract.key < b.facts.contract.key ? -1 : 1))
  const rates = placed.flatMap(({ point: { isFitted, days, aprContinuous } }) =>
    isFitted ? [{ days, aprContinuous: aprContinuous! }] : []
  )
  const shape = shapeOfCurve(rates, FLAT_APR)
  const row = {
    asset,
    venue,
    points: placed.map(pointView),
    ...shape,
    excessApr: shape.levelMean === null ? null : shape.levelMean - quoteRate,
    forwards: forwardsOf(rates),
    constantMaturities: constantMaturities(rates)
  }
  const none = rates.length === 0 ? 'no_points' : undefined
  const shapeless = { structure: none, slopePer30d: none ?? 'one_maturity', levelMean: none, excessApr: none }
  return { ...row, absent: { ...reasonsIn(row, shapeless), ...unsettledIn(placed) } }
}

/** Of perpetuals, which a point's own word says are not annualised: why there is nothing that they paid. */
function unsettledIn(contracts: readonly CurveContract[]): Record<string, string> {
  const perpetuals = contracts.filter(({ facts: { contract } }) => contract.kind === 'perpetual')
  return Object.fromEntries(
    perpetuals.flatMap(({ facts, realised }) => {
      const code = realised?.absent.realisedApr
      return code === undefined ? [] : [[`points.${facts.contract.key}.realisedFundingApr`, code]]
    })
  )
}

function pointView({ facts, point, realised }: CurveContract & { readonly point: CurvePoint }) {
  const { contractMid, spotMid, observedAt, ...numbers } = point
  const { contract, spot } = facts
  return {
    instrument: contract.key,
    spot: spot?.key ?? null,
    kind: contract.kind,
    expiresAt: isoOrNull(contract.expiresAt),
    contractMid: contractMid && decimalToString(contractMid),
    spotMid: spotMid && decimalToString(spotMid),
    realisedFundingApr: realised?.realisedApr ?? null,
    ...numbers,
    observedAt: isoOrNull(observedAt)
  }
}
