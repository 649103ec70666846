import { premiumBps } from '../domain/basis.ts'
import { BASIS_FORMULA_VERSION } from '../domain/board.ts'
import { compare, decimalOrNull, decimalToString, ONE, parseDecimal } from '../domain/decimal.ts'
import type { Instrument } from '../domain/instrument.ts'
import { basisOfLastPrices, type PriceBasis } from '../domain/price-basis.ts'
import { legMultiplier } from '../domain/spot-leg.ts'
import { type BasisRow, insertBasis, lockPair } from '../store/basis.ts'
import { listPastBases, listSeriesOfSpot, listSeriesSpots, type PastBasis } from '../store/basis-history.ts'
import type { Transaction } from '../store/database.ts'
import type { Source } from '../store/observations.ts'
import { listPastPrices } from '../store/past-observations.ts'
import type { Revised } from '../store/price-corrections.ts'
import { tellCorrections } from './past-corrections.ts'

type Window = { readonly from: number; readonly to: number }
type Pair = { readonly contract: Instrument; readonly spot: Instrument; readonly isCurrent: boolean }
type Prices = Awaited<ReturnType<typeof listPastPrices>>

/**
 * Derives the bases of the past that one leg's new prices make possible, in whichever order the legs came: for a contract with
 * its spot leg, for a coin with every contract that chose it. A basis that stands on a price which was corrected gets a revision, and that
 * is told, also against legs that were chosen earlier. Partitions for the window must exist. Answers how many were new.
 */
export async function derivePastBasis(
  client: Transaction,
  instruments: readonly Instrument[],
  changed: Instrument,
  window: Window,
  stamp: { readonly source: Source; readonly epoch: number }
): Promise<number> {
  const own = await listPastPrices(client, changed.id, window)
  const isCorrected = correctedTimes(own).size > 0
  const stamped = { ...stamp, formulaVersion: BASIS_FORMULA_VERSION, adapterVersion: 1 }
  let written = 0
  for (const pair of await pairsOf(client, instruments, changed, isCorrected)) {
    const { contract, spot, isCurrent } = pair
    await lockPair(client, contract.id)
    const contractPrices = contract.id === changed.id ? own : await listPastPrices(client, contract.id, window)
    const spotPrices = spot.id === changed.id ? own : await listPastPrices(client, spot.id, window)
    const rows = rowsOf(pair, contractPrices, spotPrices)
    if (isCurrent) written += await insertBasis(client, rows, stamped)
    const corrected = correctedTimes([...contractPrices, ...spotPrices])
    if (corrected.size === 0) continue
    const stored = await listPastBases(client, { instrumentId: contract.id, spotId: spot.id }, window)
    const revised = rows.flatMap((row) => (corrected.has(row.tickAt) ? revisionOf(row, stored.get(row.tickAt)) : []))
    await insertBasis(client, revised, stamped)
    await tellCorrections(client, contract, { fact: 'basis', spot }, revised)
  }
  return written
}

const correctedTimes = (prices: Prices) =>
  new Set(prices.filter(({ revision }) => revision > 0).map(({ tickAt }) => tickAt))

/** Which contracts against which legs a price counts for; those that were chosen earlier only where there is something to correct. */
async function pairsOf(
  client: Transaction,
  instruments: readonly Instrument[],
  changed: Instrument,
  isCorrected: boolean
): Promise<Pair[]> {
  const { id, asset, kind } = changed
  if (kind !== 'spot') {
    const legs = new Set(isCorrected ? await listSeriesSpots(client, id) : []).add(changed.spotId ?? 0)
    const spots = instruments.filter((spot) => legs.has(spot.id))
    return spots.map((spot) => ({ contract: changed, spot, isCurrent: spot.id === changed.spotId }))
  }
  // In one order, which everybody who locks several keeps to.
  const contracts = instruments.filter((each) => each.kind !== 'spot').toSorted((a, b) => a.id - b.id)
  const others = contracts.filter((contract) => contract.asset === asset && contract.spotId !== id)
  const earlier = new Set(
    isCorrected
      ? await listSeriesOfSpot(
          client,
          id,
          others.map((contract) => contract.id)
        )
      : []
  )
  return contracts
    .filter((contract) => contract.spotId === id || earlier.has(contract.id))
    .map((contract) => ({ contract, spot: changed, isCurrent: contract.spotId === id }))
}

function rowsOf({ contract, spot }: Pair, contractPrices: Prices, spotPrices: Prices): BasisRow[] {
  const premiums = new Map(
    contractPrices.map(({ tickAt, mark, index }) => [
      tickAt,
      premiumBps({ mark: decimalOrNull(mark), index: decimalOrNull(index) })
    ])
  )
  return basisOfLastPrices(contract, spot, contractPrices, spotPrices).map((basis) =>
    toRow(contract, spot, basis, premiums.get(basis.tickAt) ?? null)
  )
}

/** The next revision of a stored basis, where its legs have other prices now. */
function revisionOf(row: BasisRow, stored: PastBasis | undefined): (BasisRow & Revised)[] {
  if (stored === undefined) return []
  const isSame = (a: string, b: string) => compare(parseDecimal(a)!, parseDecimal(b)!) === 0
  if (isSame(row.contractMid, stored.contractMid) && isSame(row.spotMid, stored.spotMid)) return []
  return [{ ...row, at: row.tickAt, revision: stored.revision + 1 }]
}

function toRow(contract: Instrument, spot: Instrument, basis: PriceBasis, premium: number | null): BasisRow {
  return {
    ...basis,
    instrumentId: contract.id,
    spotId: spot.id,
    contractVenueTime: null,
    spotVenueTime: null,
    contractBid: null,
    contractAsk: null,
    spotBid: null,
    spotAsk: null,
    multiplier: decimalToString(legMultiplier(contract, spot) ?? ONE),
    fx: contract.quote === spot.quote ? 1 : null,
    premiumBps: premium,
    carryEntryBps: null,
    reverseEntryBps: null,
    priceKind: 'last'
  }
}
