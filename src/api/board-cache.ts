import { type Clock, sleep } from '../clock.ts'
import type { BoardRow } from '../domain/board-row.ts'
import { expireRow, expiriesOf, type FactGroup, type Rhythm } from '../domain/expiry.ts'
import { gradeAt } from '../domain/quality.ts'
import { messageOf } from '../errors.ts'
import { readBoard } from '../store/board.ts'
import { type BoardListener, type BoardVersions, listenForBoards, readBoardVersions } from '../store/board-changes.ts'
import type { Database } from '../store/database.ts'
import type { Written } from './board-answers.ts'

/** A row as served now, and its JSON. */
export type ServedRow = { readonly row: BoardRow; readonly json: string }

/** The board at one moment. Never changed: the next moment is another board. */
export type Board = {
  readonly asOfMs: number
  /** By the process's own clock, which nothing holds. */
  readonly madeAtMs: number
  readonly rows: readonly ServedRow[]
  /** How each venue's part stands in the database. */
  readonly versions: BoardVersions
  /** The rows in each order that was asked for, by its name. */
  readonly orders: Map<string, readonly ServedRow[]>
  /** Answers already made from this board, by question. */
  readonly answers: Map<string, Written>
}

export type BoardCache = {
  /** The board, re-graded no longer than a second ago. */
  current(): Board
  /** Whether the rows were read at all. */
  isLoaded(): boolean
  /** Reads what changed, now. */
  refresh(): Promise<void>
  start(): void
  close(): Promise<void>
}

type CacheOptions = {
  readonly db: Database
  readonly clock: Clock
  readonly rhythm: Rhythm
  readonly log: { warn(fields: object, event: string): void }
}

/** Re-grading and preparing answers costs at most this often. */
const REGRADE_MS = 1_000
/** Asking what changed: the guarantee behind the notifications, and the only way without them. */
const POLL_LISTENING_MS = 5_000
const POLL_DEAF_MS = 1_000

const CLOSE_MS = 2_000

/** Keeps the board in memory: read by venue when it changes, aged as time passes, whatever happens to the database. */
export function keepBoard({ db, clock, rhythm, log }: CacheOptions): BoardCache {
  const stored = new Map<string, StoredRow[]>()
  const storing = (row: BoardRow) => storedRowOf(row, rhythm)
  const stop = new AbortController()
  let versions: BoardVersions | undefined
  let board: Board | undefined
  let reading: Promise<void> | undefined
  let listener: BoardListener | undefined
  let loop: Promise<void> | undefined
  let wake = new AbortController()

  const readChanges = async () => {
    const found = await readBoardVersions(db)
    for (const venue of stored.keys()) if (!found.has(venue)) stored.delete(venue)
    for (const [venue, version] of found) {
      if (versions?.get(venue) === version) continue
      stored.set(venue, (await readBoard(db, venue)).map(storing))
    }
    versions = found
  }
  const refresh = () => {
    reading ??= readChanges().finally(() => {
      reading = undefined
    })
    return reading
  }
  const forget = () => {
    listener = undefined
    wake.abort()
  }
  const listen = async () => {
    listener = await listenForBoards(db, () => wake.abort(), forget)
  }
  const follow = async () => {
    let failed = ''
    while (!stop.signal.aborted) {
      wake = new AbortController()
      // Listening comes first: what is committed after the read is then announced. Without it polling goes on.
      const deaf = listener === undefined ? await messageOfFailure(listen) : ''
      const failure = (await messageOfFailure(refresh)) || deaf
      if (failure !== failed && failure !== '') log.warn({ failure }, 'board.unread')
      failed = failure
      await sleep(
        listener === undefined ? POLL_DEAF_MS : POLL_LISTENING_MS,
        AbortSignal.any([stop.signal, wake.signal])
      )
    }
  }
  return {
    current: () => {
      const nowMs = clock.now()
      // Before the rows have been read nothing is kept: an empty board must not be the answer of the second after.
      if (versions === undefined) return gradedAt(nowMs, rhythm, [], new Map())
      if (board === undefined || isDue(board, nowMs, versions)) {
        for (const rows of stored.values()) expireRows(rows, rhythm, nowMs)
        board = gradedAt(nowMs, rhythm, [...stored.values()].flat(), versions)
      }
      return board
    },
    isLoaded: () => versions !== undefined,
    refresh,
    start: () => {
      loop ??= follow()
    },
    close: async () => {
      stop.abort()
      await endSoon(Promise.resolve(loop).then(() => listener?.close()))
    }
  }
}

/** A database that does not answer must not hold up the end of the process. */
const endSoon = (ended: Promise<unknown>) => Promise.race([ended.catch(() => {}), sleep(CLOSE_MS)])

/** A second later, or a second after it was made where rows have come since: whichever clock it is that stands still. */
const isDue = ({ asOfMs, madeAtMs, versions }: Board, nowMs: number, read: BoardVersions) =>
  Math.abs(nowMs - asOfMs) >= REGRADE_MS || (versions !== read && performance.now() - madeAtMs >= REGRADE_MS)

/** What has expired is gone for good: rows are written anew only when they lose something. */
function expireRows(rows: StoredRow[], rhythm: Rhythm, nowMs: number): void {
  for (const [index, { row, expiries }] of rows.entries()) {
    const left = expireRow(row, expiries, nowMs)
    if (left !== row) rows[index] = storedRowOf(left, rhythm)
  }
}

function gradedAt(nowMs: number, { pollMs }: Rhythm, stored: readonly StoredRow[], versions: BoardVersions): Board {
  const rows = stored.map((row) => servedRowOf(row, nowMs, pollMs))
  return { asOfMs: nowMs, madeAtMs: performance.now(), rows, versions, orders: new Map(), answers: new Map() }
}

async function messageOfFailure(work: () => Promise<void>): Promise<string> {
  try {
    await work()
    return ''
  } catch (error) {
    return messageOf(error)
  }
}

/** A row as read, with its JSON cut around what time changes. */
type StoredRow = {
  readonly row: BoardRow
  readonly expiries: ReadonlyMap<FactGroup, number>
  readonly head: string
  readonly tail: string
  readonly observedAtMs: number | null
  readonly contractObservedAtMs: number | null
  readonly spotObservedAtMs: number | null
}

function storedRowOf(row: BoardRow, rhythm: Rhythm): StoredRow {
  const { grade, reasons, ageMs, ...lasting } = row
  const json = JSON.stringify(lasting)
  // The place in BoardRow's order, between priceKind and skewMs.
  const cut = json.indexOf(',"skewMs":')
  return {
    row,
    expiries: expiriesOf(row, rhythm),
    head: json.slice(0, cut),
    tail: json.slice(cut),
    observedAtMs: timeOf(row.observedAt),
    contractObservedAtMs: timeOf(row.contractObservedAt),
    spotObservedAtMs: timeOf(row.spotObservedAt)
  }
}

function servedRowOf(stored: StoredRow, nowMs: number, pollIntervalMs: number): ServedRow {
  const { row, head, tail, observedAtMs, contractObservedAtMs, spotObservedAtMs } = stored
  const { grade, reasons } = gradeAt({
    gradeWhenDerived: row.grade,
    reasons: row.reasons,
    observedAtMs,
    contractObservedAtMs,
    spotObservedAtMs,
    nowMs,
    pollIntervalMs
  })
  const ageMs = observedAtMs === null ? null : nowMs - observedAtMs
  const aged = `,"grade":"${grade}","reasons":${JSON.stringify(reasons)},"ageMs":${ageMs}`
  return { row: { ...row, grade, reasons, ageMs }, json: head + aged + tail }
}

function timeOf(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso)
}
