import { MOVEMENT_MS, type Movement } from '../domain/aggregates.ts'
import { doubtsOf, type Instrument } from '../domain/instrument.ts'
import { HOUR, isoOf, isoOrNull } from '../domain/time.ts'
import { CONTRACT_KINDS } from './board.ts'
import { doubts } from './histories.ts'
import { tableParameters } from './history-parameters.ts'
import { list, listOf, sort } from './parameters.ts'
import { absences, countOrNull, numberOrNull, object, text, textOrNull, timeOrNull } from './schema.ts'

const sortFields = ['volatilityPerDayBps', 'volatilityPerHourBps', 'halfLifeHours'] as const

export const movementParameters = {
  instrument: list('Contracts', 'binance:BTC/USDT:USDT'),
  asset: list('Assets', 'BTC,ETH'),
  venue: list('Venues', 'binance,bybit'),
  kind: listOf(CONTRACT_KINDS, 'Kinds of contract'),
  sort: sort(sortFields),
  ...tableParameters
}

export const movementSchema = object(
  {
    instrument: text('The contract', 'binance:BTC/USDT:USDT'),
    spot: textOrNull('The spot leg that its basis is against', 'binance:BTC/USDT'),
    venue: text('Its venue', 'binance'),
    asset: text('Its asset', 'BTC'),
    from: timeOrNull('Where the window of 30 days begins'),
    to: timeOrNull('Where it ends: the last hour that is over and rolled up'),
    volatilityPerHourBps: numberOrNull(
      'Deviation of the change of basis before fx from one hour to the next, basis points',
      1.2
    ),
    volatilityPerDayBps: numberOrNull('That of a day of independent hours, ·√24; what comes back moves less', 5.9),
    halfLifeHours: numberOrNull(
      'Until half of a distance of the basis before fx from its mean is gone, hours: −ln 2/ln persistence',
      6.5
    ),
    persistence: numberOrNull('Least squares of each hour’s basis before fx on the one before', 0.9),
    pairs: countOrNull('Hours with the hour before: what all of it is made of', 718),
    hours: countOrNull('Hours with a basis of grade `display` or better', 720),
    coverage: numberOrNull('hours / those of the window, 0 to 1', 1),
    computedAt: timeOrNull('When it was looked at'),
    reasons: doubts,
    absent: absences()
  },
  { $id: 'BasisMovement' }
)

/** As it is kept, with the key of the spot leg that it was against. Times in epoch ms. */
export type MovementFacts = {
  readonly spot: string | null
  readonly toMs: number
  readonly computedAt: number
  readonly movement: Movement & { readonly hours: number }
}

/** What ended this long ago is not how a basis moves now: nobody is looking. */
const CURRENT_MS = 3 * HOUR

/** How a contract's basis moves; `kept` is undefined where nobody has looked yet. */
export function movementView(instrument: Instrument, kept: MovementFacts | undefined, nowMs: number) {
  const { key, venue, asset } = instrument
  const missing = missingOf(instrument, kept, nowMs)
  const movement = missing === null ? kept!.movement : null
  const hours = movement?.hours ?? null
  const fields = {
    spot: kept?.spot ?? null,
    from: kept === undefined ? null : isoOf(kept.toMs - MOVEMENT_MS),
    to: isoOrNull(kept?.toMs),
    volatilityPerHourBps: movement?.perStep ?? null,
    volatilityPerDayBps: movement?.perDay ?? null,
    halfLifeHours: movement === null || movement.halfLifeMs === null ? null : movement.halfLifeMs / HOUR,
    persistence: movement?.persistence ?? null,
    pairs: movement?.pairs ?? null,
    hours,
    coverage: hours === null ? null : hours / (MOVEMENT_MS / HOUR),
    computedAt: isoOrNull(kept?.computedAt)
  }
  const nulls = Object.entries(fields).filter(([, value]) => value === null)
  const absent = Object.fromEntries(nulls.map(([name]) => [name, missing ?? reasonOf(movement!, name)]))
  return { instrument: key, venue, asset, ...fields, reasons: doubtsOf(instrument), absent }
}

function missingOf({ spotId }: Instrument, kept: MovementFacts | undefined, nowMs: number): string | null {
  if (spotId === null) return 'no_spot_leg'
  if (kept === undefined) return 'not_looked_at_yet'
  return nowMs - kept.toMs > CURRENT_MS ? 'stale' : null
}

/** Why something of a movement is null: too few pairs, a basis that stood still, one that does not come back, or noise. */
function reasonOf({ pairs, perStep, persistence }: Movement, name: string): string {
  if (perStep === null) return pairs === 0 ? 'no_history' : 'short_history'
  if (persistence === null) return 'never_moved'
  return name === 'halfLifeHours' && persistence >= 1 ? 'does_not_come_back' : 'noise'
}
