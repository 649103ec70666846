import type { QuarantineReason } from './instrument.ts'
import { medianOf } from './statistics.ts'
import { MINUTE, SECOND } from './time.ts'

// Whether instruments that are taken for one asset have one price. Two coins with one ticker differ by orders of magnitude, a wrong
// multiplier by a power of ten; one coin differs between venues by basis points, for seconds by percents.

/** One instrument's price of one unit of its asset, in dollars. */
export type Voice = {
  readonly id: number
  readonly venue: string
  readonly asset: string
  readonly usd: number
  /** Years of carry are in the price of a dated contract: it has no say, and only what is grossly apart is held against it. */
  readonly isDated: boolean
  /** A human has said what it is (INSTRUMENTS_FILE). That says nothing of its book: it settles only what the venues do not. */
  readonly isDecided: boolean
}

export type Dissent = {
  readonly reason: QuarantineReason
  /** Its price over that of the others; of the one furthest away, where they have none in common. */
  readonly ratio: number
}

/** Prices of one unit up to this far apart, one over the other, are of one asset: wider than any basis that is shown (20 %). */
const AGREEMENT_RATIO = 1.2
/** Beyond this no market explains it, and nothing has to be heard twice. */
const GROSS_RATIO = 3
/** A multiplier is a power of ten, from ten to a million. */
const MULTIPLIER_POWERS = [1, 2, 3, 4, 5, 6]

/**
 * What prices say against each voice: null where they agree. Absent where there is nothing to judge by, because only one venue
 * speaks of the asset. The price is that of most venues; where no more than half agree, that of what a human has said to be the
 * asset; without such a word nobody knows who is right, and nobody is: two venues that contradict each other are both held back
 * (spec 1.5: else unresolved and excluded).
 */
export function judgeConsensus(voices: readonly Voice[]): Map<number, Dissent | null> {
  const byAsset = new Map<string, Voice[]>()
  for (const voice of voices) {
    const known = byAsset.get(voice.asset)
    if (known) known.push(voice)
    else byAsset.set(voice.asset, [voice])
  }
  return new Map([...byAsset.values()].flatMap((ofOne) => [...judgeAsset(ofOne)]))
}

function judgeAsset(voices: readonly Voice[]): Map<number, Dissent | null> {
  const heard = voices.filter(({ isDated }) => !isDated)
  const decided = heard.filter(({ isDecided }) => isDecided)
  const venues = venuesOf(heard).size
  if (decided.length === 0 && venues < 2) return new Map()
  const price = (venues < 2 ? null : priceOf(heard, venues / 2)) ?? priceOf(decided, 0)
  return new Map(
    voices.map((voice) => [voice.id, price === null ? unsettled(voice, heard) : dissentFrom(voice, price)])
  )
}

const venuesOf = (voices: readonly Voice[]) => new Set(voices.map(({ venue }) => venue))

/** The median of those with whom most venues agree; null unless these are more than `atLeast` venues. */
function priceOf(voices: readonly Voice[], atLeast: number): number | null {
  let best: { readonly venues: number; readonly agreeing: readonly Voice[] } = { venues: 0, agreeing: [] }
  for (const candidate of voices) {
    const agreeing = voices.filter(({ usd }) => apart(usd, candidate.usd) <= AGREEMENT_RATIO)
    const { size } = venuesOf(agreeing)
    if (size > best.venues || (size === best.venues && agreeing.length > best.agreeing.length)) {
      best = { venues: size, agreeing }
    }
  }
  return best.venues > atLeast ? medianOf(best.agreeing.map(({ usd }) => usd)) : null
}

function dissentFrom({ usd, isDated }: Voice, price: number): Dissent | null {
  if (apart(usd, price) <= (isDated ? GROSS_RATIO : AGREEMENT_RATIO)) return null
  const isPower = MULTIPLIER_POWERS.some((power) => apart(apart(usd, price), 10 ** power) <= AGREEMENT_RATIO)
  return { reason: isPower ? 'multiplier_mismatch' : 'ticker_collision', ratio: usd / price }
}

function unsettled({ usd }: Voice, heard: readonly Voice[]): Dissent {
  const [furthest = usd] = heard.map((voice) => voice.usd).sort((a, b) => apart(b, usd) - apart(a, usd))
  return { reason: 'no_majority', ratio: usd / furthest }
}

const apart = (a: number, b: number) => Math.max(a / b, b / a)

/** What is remembered of an instrument against which something was said. Times in epoch milliseconds. */
export type IdentityCheck = Dissent & {
  readonly state: 'suspect' | 'quarantined'
  readonly since: number
  /** Checks in a row that said so. */
  readonly checks: number
  readonly agreesSince: number | null
}

/** A fast market is fast for seconds: so many checks in a row, over so long, are something else. */
const SUSPECT_CHECKS = 3
const SUSPECT_MS = 20 * SECOND
/** Nothing leaves quarantine before it has agreed for so long. */
const RELEASE_MS = 10 * MINUTE

/**
 * The next state: null once nothing is held against it any more. `undefined` for what was said now: there was nothing to judge by,
 * which changes nothing.
 */
export function stepIdentity(
  before: IdentityCheck | null,
  said: Dissent | null | undefined,
  nowMs: number
): IdentityCheck | null {
  if (said === undefined) return before
  if (said === null) return before?.state === 'quarantined' ? agreeing(before, nowMs) : null
  if (before?.state === 'quarantined') return { ...before, ...said, agreesSince: null }
  const since = before?.since ?? nowMs
  const checks = (before?.checks ?? 0) + 1
  const isGross = apart(said.ratio, 1) >= GROSS_RATIO
  const isLasting = checks >= SUSPECT_CHECKS && nowMs - since >= SUSPECT_MS
  const state = isGross || isLasting ? 'quarantined' : 'suspect'
  return { ...said, state, since: state === 'quarantined' ? nowMs : since, checks, agreesSince: null }
}

function agreeing(before: IdentityCheck, nowMs: number): IdentityCheck | null {
  const agreesSince = before.agreesSince ?? nowMs
  return nowMs - agreesSince >= RELEASE_MS ? null : { ...before, agreesSince }
}
