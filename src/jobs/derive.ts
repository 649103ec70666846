import type { Clock } from '../clock.ts'
import { BASIS_FORMULA_VERSION, type BoardInputs, deriveBoardRow } from '../domain/board.ts'
import type { BoardRow } from '../domain/board-row.ts'
import { decimalToString } from '../domain/decimal.ts'
import { keptInputsOf } from '../domain/explain.ts'
import type { Instrument } from '../domain/instrument.ts'
import { legMultiplier } from '../domain/spot-leg.ts'
import { fxPairsOf, fxQuotesOf, tradedFxOf } from '../domain/traded-fx.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { type BasisRow, insertBasis } from '../store/basis.ts'
import { replaceBoard } from '../store/board.ts'
import type { Database } from '../store/database.ts'
import type { DiskGuard } from '../store/disk.ts'
import { type Gap, recordGaps } from '../store/gaps.ts'
import { listInstrumentsOf } from '../store/instruments.ts'
import { listLatest } from '../store/latest.ts'
import { runTick } from '../store/tick-runs.ts'
import { type Claim, findTickRows, finishTick, StaleClaimError } from '../store/ticks.ts'
import { findAdapter } from '../venues/registry.ts'
import { checkIdentities } from './identity.ts'
import { diskGaps, spanOf, underivedTicks } from './tick-gaps.ts'

export type DeriveDeps = {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly holder: string
  readonly pollMs: number
  readonly storeMs: number
  readonly openInterestMs: number
  readonly leaseMs: number
  readonly disk: DiskGuard
}

type Derived = { readonly contract: Instrument; readonly inputs: BoardInputs; readonly row: BoardRow }

/** Makes a venue's board from the newest facts of its contracts and their spot legs, and keeps a basis at storing ticks. */
export async function derive(deps: DeriveDeps, venue: string, tickAt: number): Promise<void> {
  const { db, holder, leaseMs } = deps
  const wanted = { job: 'derive', scope: venue, tickAt, holder, leaseMs }
  await runTick(db, wanted, (claim) => deriveClaimed(deps, claim))
}

async function deriveClaimed(deps: DeriveDeps, claim: Claim): Promise<void> {
  const { db, clock, log } = deps
  const { scope: venue, tickAt } = claim
  const startedAt = clock.now()
  await checkIdentities(deps).catch((error: unknown) => {
    // What was held back before stays so; a board must not be missing for it.
    log.warn({ message: messageOf(error) }, 'identity.unchecked')
  })
  const derived = await deriveRows(deps, venue)
  // Whatever tick was kept of the facts is kept of the basis.
  const isStoring = ((await findTickRows(db, { job: 'collect', scope: venue, tickAt })) ?? 0) > 0
  const isFull = isStoring && (await deps.disk.isFull())
  const kept = isStoring && !isFull ? derived.filter((row) => isCurrent(row, tickAt, deps)) : []
  const gaps = isStoring ? missingBases(derived, kept, isFull, venue, tickAt, deps) : []
  try {
    const rows = await db.transaction(async (client) => {
      await replaceBoard(
        client,
        venue,
        tickAt,
        derived.map(({ contract, row, inputs }) => ({ instrumentId: contract.id, row, inputs: keptInputsOf(inputs) }))
      )
      const written = await insertBasis(
        client,
        kept.map((entry) => toBasisRow(entry, tickAt, deps)),
        {
          source: 'polled',
          formulaVersion: BASIS_FORMULA_VERSION,
          adapterVersion: 1,
          epoch: claim.epoch
        }
      )
      await recordGaps(client, [...gaps, ...(await underivedTicks(client, deps, claim))])
      await finishTick(client, claim, {
        state: 'done',
        rows: written,
        skipped: isStoring ? derived.length - kept.length : 0
      })
      return written
    })
    const signal = derived.filter(({ row }) => row.grade === 'signal').length
    log.info(
      {
        venue,
        tick: new Date(tickAt).toISOString(),
        contracts: derived.length,
        signal,
        rows,
        ms: clock.now() - startedAt
      },
      'derive.finished'
    )
  } catch (error) {
    if (!(error instanceof StaleClaimError)) throw error
    log.warn({ venue, tick: new Date(tickAt).toISOString() }, 'derive.stale')
  }
}

function missingBases(
  derived: readonly Derived[],
  kept: readonly Derived[],
  isFull: boolean,
  venue: string,
  tickAt: number,
  deps: DeriveDeps
): Gap[] {
  if (isFull) return diskGaps(venue, tickAt, spanOf(deps), ['basis'])
  const present = new Set(kept)
  return derived.filter((entry) => !present.has(entry)).map((entry) => gapOf(entry, tickAt, deps))
}

async function deriveRows({ db, clock, pollMs, openInterestMs }: DeriveDeps, venue: string): Promise<Derived[]> {
  const instruments = await listInstrumentsOf(db, venue)
  const byId = new Map(instruments.map((instrument) => [instrument.id, instrument]))
  const contracts = instruments.filter(
    (contract) => contract.venue === venue && contract.kind !== 'spot' && contract.tracked && isServed(contract)
  )
  const pairs = fxPairsOf(instruments)
  const legs = contracts.flatMap(({ id, spotId }) => (spotId === null ? [id] : [id, spotId]))
  const latest = await listLatest(db, [...new Set([...legs, ...pairs.map(({ id }) => id)])])
  const nowMs = clock.now()
  const quotes = fxQuotesOf(pairs, venue, latest)
  return contracts.map((contract) => {
    const spot = contract.spotId === null ? null : (byId.get(contract.spotId) ?? null)
    const inputs: BoardInputs = {
      nowMs,
      contract,
      spot,
      contractLatest: latest.get(contract.id),
      spotLatest: spot === null ? undefined : latest.get(spot.id),
      tradedFx:
        spot === null || spot.quote === contract.quote ? null : tradedFxOf(contract.quote, spot.quote, quotes, nowMs),
      priceKind: [contract, spot].some((leg) => leg && hasImpactPrices(leg.venue)) ? 'impact' : 'mid',
      pollMs,
      openInterestMs,
      adapterVersion: findAdapter(contract.venue)?.adapterVersion ?? 0
    }
    return { contract, inputs, row: deriveBoardRow(inputs) }
  })
}

const hasImpactPrices = (venue: string) => findAdapter(venue)?.quotePriceKind === 'impact'

const isServed = ({ status }: Instrument) => status === 'listed' || status === 'delisting' || status === 'pre_listing'

/** A basis is kept only of legs observed at this very tick: a stale leg repeated, or one of a later tick, is another observation. */
function isCurrent({ row }: Derived, tickAt: number, { pollMs }: DeriveDeps): boolean {
  if (row.basisBps === null || row.contractObservedAt === null || row.spotObservedAt === null) return false
  const times = [Date.parse(row.contractObservedAt), Date.parse(row.spotObservedAt)]
  return times.every((at) => at > tickAt - pollMs / 2 && at < tickAt + pollMs)
}

function gapOf({ contract, row }: Derived, tickAt: number, deps: DeriveDeps): Gap {
  const reason = row.basisBps === null ? (row.absent.basisBps ?? 'missing_quote') : 'stale_leg'
  return {
    instrumentId: contract.id,
    venue: contract.venue,
    fact: 'basis',
    from: tickAt,
    to: tickAt + spanOf(deps),
    reason
  }
}

/** The column's largest; a skew of days is as senseless as one of weeks. */
const SKEW_MS_MAX = 2 ** 31 - 1

function toBasisRow({ contract, inputs, row }: Derived, tickAt: number, deps: DeriveDeps): BasisRow {
  const contractQuote = inputs.contractLatest!.quote!
  const spotQuote = inputs.spotLatest!.quote!
  const observedAt = Date.parse(row.observedAt!)
  return {
    instrumentId: contract.id,
    spotId: contract.spotId!,
    tickAt,
    observedAt,
    availableAt: Math.max(contractQuote.observedAt, spotQuote.observedAt),
    contractObservedAt: contractQuote.observedAt,
    contractVenueTime: contractQuote.venueTime,
    spotObservedAt: spotQuote.observedAt,
    spotVenueTime: spotQuote.venueTime,
    skewMs: Math.min(row.skewMs!, SKEW_MS_MAX),
    contractBid: row.contractBid,
    contractAsk: row.contractAsk,
    contractMid: row.contractMid!,
    spotBid: row.spotBid,
    spotAsk: row.spotAsk,
    spotMid: row.spotMid!,
    multiplier: decimalToString(legMultiplier(contract, inputs.spot)!),
    fx: row.fx,
    basisBps: row.basisBps!,
    adjustedBasisBps: row.adjustedBasisBps,
    premiumBps: row.premiumBps,
    carryEntryBps: row.carryEntryBps,
    reverseEntryBps: row.reverseEntryBps,
    priceKind: row.priceKind,
    grade: row.grade,
    reasons: row.reasons,
    spanMs: spanOf(deps)
  }
}
