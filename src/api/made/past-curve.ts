import { curveHistoryView } from '../../contract/curve-history.ts'
import { type CurveMember, curveAt } from '../../domain/curve-history.ts'
import { GRADES, reachesGrade } from '../../domain/quality.ts'
import { floorTo, HOUR } from '../../domain/time.ts'
import { countCloseReads, listCloses } from '../../store/basis-closes.ts'
import { contractsOf } from '../contracts.ts'
import { membersOf } from '../operations/curve-history.ts'
import { takeStored } from '../row-budget.ts'
import { madeOf, type Read } from './reading.ts'
import { FEWER } from './trailing.ts'

/** How a contract closed the hour. */
type CloseRow = Pick<CurveMember, 'instrument' | 'expiresAt' | 'missing'> & {
  readonly closedAt: number | null
  readonly adjustedBasisBps: number | null
}
type Rows = {
  readonly nowMs: number
  readonly asset: string
  readonly venue: string
  readonly instrument: string
  readonly bucketStartAt: number
  readonly bucketEndAt: number
  readonly closes: readonly CloseRow[]
}

/** The curve of a contract’s asset and venue at the end of the last hour that was over. */
export const readPastCurve: Read = async (context, { instrument, moment: { nowMs }, budget }) => {
  if (instrument.kind === 'spot') return 'not_a_contract'
  if (instrument.quarantine !== null) return 'quarantined'
  const { asset, venue, key } = instrument
  const atMs = floorTo(nowMs, HOUR)
  const range = { fromMs: atMs - HOUR, toMs: atMs, bucketMs: HOUR }
  const placed = await contractsOf(context, { asset: [asset], venue: [venue], kind: ['future'] }, range.fromMs)
  const { byId } = await context.catalogue.read()
  const { pairs, members } = membersOf(context, { contracts: placed, byId })
  const choice = { knownAtMs: null, grades: GRADES.filter((grade) => reachesGrade(grade, 'display')) }
  await takeStored(budget, {
    most: Math.ceil(HOUR / context.config.storeMs) * pairs.length,
    count: (most) => countCloseReads(context.db, pairs, choice, range, most),
    path: 'metric',
    narrow: FEWER
  })
  const found = members(await listCloses(context.db, pairs, choice, range), range.fromMs, atMs)
  if (found.length === 0) return 'no_dated_contracts'
  const closes = found.map(({ instrument: of, expiresAt, close, missing }): CloseRow => {
    return {
      instrument: of,
      expiresAt,
      missing,
      closedAt: close?.at ?? null,
      adjustedBasisBps: close?.adjustedBps ?? null
    }
  })
  const rows: Rows = {
    nowMs,
    asset,
    venue,
    instrument: key,
    bucketStartAt: range.fromMs,
    bucketEndAt: atMs,
    closes: closes.toSorted((a, b) => a.expiresAt - b.expiresAt || (a.instrument < b.instrument ? -1 : 1))
  }
  const { served, remake, rows: made } = madeOf(rows, viewOf)
  return { served, remake, rows: { ...made, close: closes.find((each) => each.instrument === key) ?? null } }
}

function viewOf({ asset, venue, instrument, bucketStartAt, bucketEndAt, closes }: Rows) {
  const members = closes.map(({ closedAt, adjustedBasisBps, ...member }): CurveMember => {
    return { ...member, close: closedAt === null ? undefined : { at: closedAt, adjustedBps: adjustedBasisBps } }
  })
  const curve = curveAt(members, bucketEndAt)
  const row = curveHistoryView(bucketEndAt, curve, { asset, venue, bucketMs: bucketEndAt - bucketStartAt })
  return { ...row, point: row.contracts.find((each) => each.instrument === instrument) ?? { absent: 'no_expiry' } }
}
