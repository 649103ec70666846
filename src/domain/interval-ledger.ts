import { HOUR, MINUTE } from './time.ts'

/** From when on a contract settles in which interval, the newest revision. Times in epoch milliseconds. */
export type LedgerEntry = {
  readonly effectiveFrom: number
  readonly hours: number
  /** Who told of it first: the venue, or the gaps between settlements. */
  readonly source: 'declared' | 'observed'
  /** When we first heard the venue say it; null: not yet. */
  readonly declaredAt: number | null
  /** The beginning of the first period that settled so; null: none has. */
  readonly settledFrom: number | null
  readonly revision: number
}

/** What a venue declares of the running period. */
export type Declaration = {
  readonly hours: number
  readonly observedAt: number
  readonly nextSettlementAt: number | null
}

/** The interval in force before or at a moment, and now unless told; null: not known. */
export function intervalInForce(ledger: readonly LedgerEntry[], atMs = Number.POSITIVE_INFINITY): number | null {
  return ledger.findLast(({ effectiveFrom }) => effectiveFrom <= atMs)?.hours ?? null
}

/** An entry of a ledger and the interval before it; null: nothing was known of that. */
export type LedgerChange = { readonly entry: LedgerEntry; readonly previousHours: number | null }

/** The changes in an ascending ledger: entries that differ from the one before; the first is what was known first. */
export function changesIn(ledger: readonly LedgerEntry[]): LedgerChange[] {
  return ledger.flatMap((entry, index) => {
    const previousHours = ledger[index - 1]?.hours ?? null
    return previousHours === entry.hours ? [] : [{ entry, previousHours }]
  })
}

/** What a ledger says otherwise than it did. */
export type LedgerNews = {
  /** The change to the interval now in force, if it is a new one. */
  readonly change: (LedgerChange & { readonly previousHours: number }) | null
  /** Changes that there were none, as they were said, each with the entry that now stands in their place. */
  readonly withdrawn: readonly { readonly said: LedgerEntry; readonly now: LedgerChange }[]
}

/** Compares two states of one ledger. A change that another takes the place of is not withdrawn: the new one is told. */
export function newsIn(before: readonly LedgerEntry[], after: readonly LedgerEntry[]): LedgerNews {
  const [was, is] = [changesIn(before), changesIn(after)]
  const hours = intervalInForce(before)
  const isAmong = (changes: readonly LedgerChange[], { entry }: LedgerChange) =>
    changes.some(({ entry: other }) => other.effectiveFrom === entry.effectiveFrom && other.hours === entry.hours)
  const last = is.at(-1)
  const isNew = hours !== null && last !== undefined && last.entry.hours !== hours && !isAmong(was, last)
  const change = isNew ? { entry: last.entry, previousHours: hours } : null
  const withdrawn = was.flatMap(({ entry: said, previousHours }) => {
    const now = after.find(({ effectiveFrom }) => effectiveFrom === said.effectiveFrom)
    if (previousHours === null || now === undefined || now.hours === said.hours || now === change?.entry) return []
    const earlier = after.filter(({ effectiveFrom }) => effectiveFrom < now.effectiveFrom)
    return [{ said, now: { entry: now, previousHours: intervalInForce(earlier) } }]
  })
  return { change, withdrawn }
}

/**
 * What a declaration adds to an ascending ledger; undefined: nothing. It counts when it differs from what the venue declared last,
 * and once the running period can be of that length: the period has begun, and nothing has settled since. So a change that is
 * announced waits for its day, and one that settlements have shown already is confirmed and not made twice.
 */
export function declareInterval(
  ledger: readonly LedgerEntry[],
  { hours, observedAt, nextSettlementAt }: Declaration,
  newestSettlementAt: number | null
): LedgerEntry | undefined {
  const declared = ledger.filter(({ declaredAt }) => declaredAt !== null)
  const last = declared.reduce<LedgerEntry | undefined>(
    (newest, entry) => (newest === undefined || entry.declaredAt! >= newest.declaredAt! ? entry : newest),
    undefined
  )
  if (last?.hours === hours) return undefined
  const periodFrom = (nextSettlementAt ?? nextOnGrid(observedAt, hours)) - hours * HOUR
  if (periodFrom > observedAt || (newestSettlementAt !== null && newestSettlementAt > periodFrom + MINUTE))
    return undefined
  const inForce = ledger.at(-1)
  if (inForce?.hours === hours) return { ...inForce, declaredAt: observedAt, revision: inForce.revision + 1 }
  const effectiveFrom = Math.max(periodFrom, inForce?.effectiveFrom ?? periodFrom)
  const fresh = { effectiveFrom, hours, source: 'declared', declaredAt: observedAt, settledFrom: null } as const
  return withRevision(ledger, fresh)
}

const nextOnGrid = (atMs: number, hours: number) => (Math.floor(atMs / (hours * HOUR)) + 1) * hours * HOUR

/** A settlement and the interval that it closed. */
export type SettledPeriod = { readonly settledAt: number; readonly intervalHours: number }

/**
 * What ascending settlements add to an ascending ledger, in order. A change that was declared is confirmed, within an interval of
 * when it was said to be; one that nobody declared is added; one that only gaps had shown, and that does not show any more, is taken
 * back by a revision.
 */
export function observeIntervals(ledger: readonly LedgerEntry[], settled: readonly SettledPeriod[]): LedgerEntry[] {
  const written: LedgerEntry[] = []
  let current = ledger
  const put = (entry: LedgerEntry | undefined) => {
    if (entry === undefined) return
    written.push(entry)
    current = [...current.filter(({ effectiveFrom }) => effectiveFrom !== entry.effectiveFrom), entry].sort(
      (a, b) => a.effectiveFrom - b.effectiveFrom
    )
  }
  const runs = runsOf(settled)
  for (const [index, { from, hours }] of runs.entries()) {
    const previous = runs[index - 1]
    if (previous !== undefined) put(changeEntry(current, from, hours, previous.hours))
    else if (isBeginning(current, runs)) put(observedEntry(current, from, hours))
    const seenFrom = previous === undefined ? settled[0]!.settledAt : from
    const seenTo = runs[index + 1]?.from ?? settled.at(-1)!.settledAt
    for (const entry of contradicted(current, seenFrom, seenTo, hours)) put(entry)
  }
  return written
}

type Run = { readonly from: number; readonly hours: number }

/** Nothing is known of the interval before the first change that shows; without a change, nothing at all. */
function isBeginning(ledger: readonly LedgerEntry[], runs: readonly Run[]): boolean {
  return ledger.length === 0 || (runs.length > 1 && intervalInForce(ledger, runs[0]!.from) === null)
}

function changeEntry(
  ledger: readonly LedgerEntry[],
  from: number,
  hours: number,
  previousHours: number
): LedgerEntry | undefined {
  const inForce = ledger.findLast(({ effectiveFrom }) => effectiveFrom <= from)
  if (inForce?.hours === hours) return confirmed(inForce, from)
  const next = ledger.find(({ effectiveFrom }) => effectiveFrom > from)
  const within = from + Math.max(hours, previousHours) * HOUR
  const isSame = next?.hours === hours && next.settledFrom === null && next.effectiveFrom <= within
  return isSame ? confirmed(next, from) : observedEntry(ledger, from, hours)
}

function confirmed(entry: LedgerEntry, settledFrom: number): LedgerEntry | undefined {
  return entry.settledFrom === null ? { ...entry, settledFrom, revision: entry.revision + 1 } : undefined
}

const observedEntry = (ledger: readonly LedgerEntry[], from: number, hours: number) =>
  withRevision(ledger, { effectiveFrom: from, hours, source: 'observed', declaredAt: null, settledFrom: from })

function withRevision(ledger: readonly LedgerEntry[], entry: Omit<LedgerEntry, 'revision'>): LedgerEntry {
  const known = ledger.find(({ effectiveFrom }) => effectiveFrom === entry.effectiveFrom)
  return { ...entry, revision: known === undefined ? 0 : known.revision + 1 }
}

/** Entries that gaps alone had shown, where now another interval shows: they go on with that one. */
function contradicted(ledger: readonly LedgerEntry[], from: number, to: number, hours: number): LedgerEntry[] {
  return ledger
    .filter((entry) => from < entry.effectiveFrom && entry.effectiveFrom < to)
    .filter((entry) => entry.declaredAt === null && entry.hours !== hours)
    .map((entry) => ({ ...entry, hours, revision: entry.revision + 1 }))
}

/** Stretches of one interval, each from the beginning of its first period. */
function runsOf(settled: readonly SettledPeriod[]): Run[] {
  return settled.flatMap(({ settledAt, intervalHours }, index) => {
    const before = settled[index - 1]
    if (before?.intervalHours === intervalHours) return []
    const from = Math.max(settledAt - intervalHours * HOUR, before?.settledAt ?? Number.NEGATIVE_INFINITY)
    return [{ from, hours: intervalHours }]
  })
}
