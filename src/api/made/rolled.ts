import { type RolledBucket, rolledView } from '../../contract/rolled-series.ts'
import type { DatedPrice, Holding, Roll } from '../../domain/rolled-series.ts'
import { DAY, HOUR } from '../../domain/time.ts'
import { contractsOf } from '../contracts.ts'
import { windowOf } from '../history.ts'
import { refuseGone } from '../known-at.ts'
import { refuseTooManyBuckets } from '../operations/basis-history.ts'
import { closedBuckets } from '../operations/curve-history.ts'
import { bucketsOfChain, openChain } from '../operations/rolled-series.ts'
import { madeOf, type Read } from './reading.ts'

type Rows = {
  readonly nowMs: number
  readonly asset: string
  readonly venue: string
  readonly settle: string
  readonly startAt: number
  readonly bucketStartAt: number
  readonly bucketEndAt: number
  readonly stretch: number
  /** The contract that is held at the bucket's end. */
  readonly holding: { readonly instrument: string; readonly expiresAt: number; readonly heldAt: number } | null
  /** From the stretch's first contract to that one, without their ratios. */
  readonly rolls: readonly Omit<Roll, 'ratio'>[]
  readonly price: { readonly tickAt: number; readonly price: string; readonly priceKind: string } | null
}

/** The series of the dated contracts that settle as this one does, at the end of the last hour that was over. */
export const readRolled: Read = async (context, { instrument, fromMs, moment: { nowMs }, budget }) => {
  if (instrument.kind === 'spot') return 'not_a_contract'
  if (instrument.quarantine !== null) return 'quarantined'
  const { asset, venue, quote, settle } = instrument
  const asked = windowOf({ from: fromMs, to: nowMs }, nowMs, DAY)
  refuseGone(context, asked.fromMs, { path: 'from', instead: 'ask from then on' })
  refuseTooManyBuckets(asked, HOUR, [])
  const range = closedBuckets({ ...asked, nextMs: asked.fromMs }, HOUR, nowMs)
  if (range.fromMs >= range.toMs) return 'no_row'
  const dated = await contractsOf(context, { asset: [asset], venue: [venue], kind: ['future'] }, range.fromMs)
  const contracts = dated.filter((each) => each.quote === quote && each.settle === settle)
  const chain = contracts.filter(({ expiresAt }) => (expiresAt ?? 0) > range.fromMs)
  if (chain.length === 0) return 'no_dated_contracts'
  const opened = await openChain(context, { chain, range, knownAtMs: null, budget })
  const [bucket] = await bucketsOfChain(opened, { fromMs: range.toMs - HOUR, toMs: range.toMs }, HOUR)
  const rows = { ...rowsOf(bucket!, opened.holdings), nowMs, asset, venue, settle: settle!, startAt: range.fromMs }
  const { served, remake, rows: made } = madeOf(rows, viewOf)
  return { served, remake, rows: { ...made, roll: rows.rolls.at(-1) ?? null } }
}

function rowsOf({ start, at, holding, price, stretch }: RolledBucket, holdings: readonly Holding[]) {
  const own = holdings.filter((each) => holding?.stretch === each.stretch && each.fromMs <= holding.fromMs)
  return {
    bucketStartAt: start,
    bucketEndAt: at,
    stretch,
    holding: holding ? { instrument: holding.instrument, expiresAt: holding.expiresAt, heldAt: holding.fromMs } : null,
    rolls: own.flatMap(({ roll }) => {
      if (roll === null) return []
      const { ratio: _, ...pair } = roll
      return [pair]
    }),
    price: price ? { tickAt: price.at, price: price.price, priceKind: price.kind } : null
  }
}

function viewOf({ asset, venue, settle, bucketStartAt, bucketEndAt, stretch, holding, rolls, price }: Rows) {
  const ratios = rolls.map(({ fromPrice, toPrice }) => Number(toPrice) / Number(fromPrice))
  const factor = ratios.reduce((product, ratio) => product * ratio, 1)
  const held: Holding | undefined = holding
    ? { ...holding, fromMs: holding.heldAt, toMs: bucketEndAt, factor, stretch, roll: null }
    : undefined
  const priced: DatedPrice | undefined = price
    ? { at: price.tickAt, price: price.price, kind: price.priceKind }
    : undefined
  const bucket = { start: bucketStartAt, at: bucketEndAt, holding: held, price: priced, entered: [], stretch }
  return {
    ...rolledView(bucket, { asset, venue, settle }),
    roll: { ratio: ratios.at(-1) ?? null, absent: { ratio: 'not_rolled' } }
  }
}
