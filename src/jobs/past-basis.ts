import { premiumBps } from '../domain/basis.ts'
import { BASIS_FORMULA_VERSION } from '../domain/board.ts'
import { decimalOrNull, decimalToString, ONE } from '../domain/decimal.ts'
import type { Instrument } from '../domain/instrument.ts'
import { basisOfLastPrices, type PriceBasis } from '../domain/price-basis.ts'
import { legMultiplier } from '../domain/spot-leg.ts'
import { type BasisRow, insertBasis } from '../store/basis.ts'
import type { Transaction } from '../store/database.ts'
import type { Source } from '../store/observations.ts'
import { listPastPrices } from '../store/past-observations.ts'

/**
 * Derives the bases of the past that one leg's new prices make possible, in whichever order the legs came: for a contract with
 * its spot leg, for a coin with every contract that chose it. Partitions for the window must exist. Answers how many were new.
 */
export async function derivePastBasis(
  client: Transaction,
  instruments: readonly Instrument[],
  changed: Instrument,
  window: { readonly from: number; readonly to: number },
  stamp: { readonly source: Source; readonly epoch: number }
): Promise<number> {
  const contracts = changed.kind === 'spot' ? instruments.filter(({ spotId }) => spotId === changed.id) : [changed]
  let written = 0
  for (const contract of contracts) {
    const spot = instruments.find(({ id }) => id === contract.spotId)
    if (!spot) continue
    const contractPrices = await listPastPrices(client, contract.id, window)
    const spotPrices = await listPastPrices(client, spot.id, window)
    const premiums = new Map(
      contractPrices.map(({ tickAt, mark, index }) => [
        tickAt,
        premiumBps({ mark: decimalOrNull(mark), index: decimalOrNull(index) })
      ])
    )
    const rows = basisOfLastPrices(contract, spot, contractPrices, spotPrices).map((basis) =>
      toRow(contract, spot, basis, premiums.get(basis.tickAt) ?? null)
    )
    written += await insertBasis(client, rows, { ...stamp, formulaVersion: BASIS_FORMULA_VERSION, adapterVersion: 1 })
  }
  return written
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
