import { assetName, type Instrument, isGone } from '../domain/instrument.ts'
import type { MultiplierCandidate } from '../domain/multiplier.ts'
import type { InstrumentOverride } from '../domain/override.ts'
import { candidatesOf, chooseSpotLeg, type FindSpots } from '../domain/spot-leg.ts'
import type { Database } from '../store/database.ts'
import { listInstruments } from '../store/instruments.ts'
import { listOverrides } from '../store/overrides.ts'
import { type SpotChoice, saveSpotChoices } from '../store/spot-legs.ts'

/** Decides anew what every instrument is about, and each contract's spot leg, from what is known; only what changed is written. */
export async function chooseSpotLegs(db: Database): Promise<void> {
  const [instruments, overrides] = await Promise.all([listInstruments(db), listOverrides(db)])
  const choices = chooseIdentities(instruments, overrides)
  const byId = new Map(instruments.map((instrument) => [instrument.id, instrument]))
  await saveSpotChoices(
    db,
    choices.filter((choice) => !isSame(byId.get(choice.id)!, choice))
  )
}

/** What each instrument is about. Coins first: a contract is about what its spot leg is about. */
export function chooseIdentities(
  instruments: readonly Instrument[],
  overrides: ReadonlyMap<string, InstrumentOverride>
): SpotChoice[] {
  const spots = instruments.filter(({ kind }) => kind === 'spot')
  const coins = spots.map((spot) => ({ ...spot, ...coinOf(spot, overrides.get(spot.key)) }))
  const places = Map.groupBy(coins.filter(isLeg), ({ venue, asset }) => `${venue} ${asset}`)
  const contracts = instruments.filter(({ kind }) => kind !== 'spot')
  return [
    ...coins.map(choiceOf),
    ...contracts.map((contract) => {
      const override = overrides.get(contract.key)
      const assetClass = override?.assetClass ?? contract.assetClass
      const findSpots: FindSpots<Instrument> = (venue, base) =>
        (places.get(`${venue} ${assetName(base, assetClass)}`) ?? []).filter((spot) => isLegFor(contract, spot))
      return contractOf({ ...contract, assetClass }, override, findSpots)
    })
  ]
}

type Coin = Pick<Instrument, 'asset' | 'assetClass' | 'multiplier' | 'multiplierSource'>

function coinOf({ base, assetClass: said, source }: Instrument, override: InstrumentOverride | undefined): Coin {
  const assetClass = override?.assetClass ?? said
  return {
    asset: assetName(override?.asset ?? base, assetClass),
    assetClass,
    multiplier: override?.multiplier ?? '1',
    multiplierSource: isSaid(override) ? 'override' : source === 'import' ? 'import' : 'exact'
  }
}

/** Whether a human has said what it is, and not only of which class, or what it was called before. */
const isSaid = (override: InstrumentOverride | undefined) => (override?.asset ?? override?.multiplier ?? null) !== null

const isLeg = ({ status, quarantine }: Instrument) => !isGone(status) && quarantine === null

/** A contract that is polled needs a leg that is polled: a coin known from a file only is no leg for it. */
function isLegFor(contract: Instrument, spot: Instrument): boolean {
  return contract.source === 'import' || spot.source === 'venue'
}

function choiceOf({ id, asset, assetClass, multiplier, multiplierSource }: Coin & { readonly id: number }): SpotChoice {
  return { id, asset, assetClass, multiplier, multiplierSource, spotId: null, spotReason: null }
}

function contractOf(
  contract: Instrument,
  override: InstrumentOverride | undefined,
  findSpots: FindSpots<Instrument>
): SpotChoice {
  const { id, assetClass } = contract
  const named = candidatesOf(contract)
  const said = isSaid(override) ? saidCandidate(contract, override!, named) : undefined
  const leg = chooseSpotLeg(contract, findSpots, said ? [said] : named)
  const { spotBase, multiplier } = said ?? leg ?? named[0]!
  const isUnresolved = !said && !leg && named.length > 1
  return {
    id,
    asset: assetName(spotBase, assetClass),
    assetClass,
    multiplier: isUnresolved ? null : (override?.multiplier ?? String(multiplier)),
    multiplierSource: said ? 'override' : isUnresolved ? 'unresolved' : multiplier === 1 ? 'exact' : 'stripped',
    spotId: leg?.spot.id ?? null,
    spotReason: leg?.reason ?? null
  }
}

/** What a human has said, filled in by the name: a multiplier alone is one of those that the name may mean. */
function saidCandidate(
  { base }: Instrument,
  { asset, multiplier }: InstrumentOverride,
  named: readonly MultiplierCandidate[]
): MultiplierCandidate {
  // An asset alone is the candidate of that name, with its multiplier.
  const meant = named.find(({ spotBase, multiplier: units }) =>
    multiplier === null ? spotBase === asset : units === Number(multiplier)
  )
  return { spotBase: asset ?? meant?.spotBase ?? base, multiplier: Number(multiplier ?? meant?.multiplier ?? 1) }
}

function isSame(instrument: Instrument, choice: SpotChoice): boolean {
  return (
    instrument.asset === choice.asset &&
    instrument.assetClass === choice.assetClass &&
    instrument.multiplier === choice.multiplier &&
    instrument.multiplierSource === choice.multiplierSource &&
    instrument.spotId === choice.spotId &&
    instrument.spotReason === choice.spotReason
  )
}
