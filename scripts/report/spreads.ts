import { DAY, isoOf } from '../../src/domain/time.ts'
import type { Ask } from './ask.ts'
import { ASSETS, PRICED, PRICED_VENUES } from './recorded.ts'
import { percent, sharePercent, tableOf } from './table.ts'

/** A row of /v1/funding/spreads, as far as it is used. */
type Spread = {
  readonly short: string
  readonly long: string
  readonly shortVenue: string
  readonly longVenue: string
  readonly aprSpread: number | null
  readonly grossFrac: number | null
  readonly costFrac: number
  readonly netFrac: number | null
  readonly isPersistent: boolean | null
}
/** One pair of perpetuals in one window: `side` +1 where the first paid more; fractions of notional for that side. */
type Held = Pick<Spread, 'aprSpread' | 'costFrac' | 'isPersistent'> & { readonly side: number; readonly gross: number }
export type PairSpreads = {
  readonly first: string
  readonly second: string
  readonly byLength: readonly (readonly Held[])[]
}

/** Days for which a spread is held; the API answers 92 at most. */
export const LENGTHS_DAYS = [7, 30, 90] as const

/** Every two perpetuals of one kind and asset on two venues, window after window over the recorded time. */
export async function measureSpreads(
  ask: Ask,
  lengths: readonly number[] = LENGTHS_DAYS,
  say: (done: string) => void = () => {}
): Promise<PairSpreads[]> {
  const pairs = new Map<string, { first: string; second: string; byLength: Held[][] }>()
  for (const [place, days] of lengths.entries()) {
    for (const asset of ASSETS) {
      for (let at: number = PRICED.fromMs; at + days * DAY <= PRICED.toMs; at += days * DAY) {
        const query = { asset, from: isoOf(at), to: isoOf(at + days * DAY), limit: '5000' }
        const rows = await ask<Spread[]>('/v1/funding/spreads', query)
        for (const row of rows.filter(isWanted)) {
          const [first, second] = [row.short, row.long].sort() as [string, string]
          const pair = pairs.get(`${first} ${second}`) ?? { first, second, byLength: lengths.map(() => []) }
          pairs.set(`${first} ${second}`, pair)
          pair.byLength[place]!.push({
            aprSpread: row.aprSpread,
            costFrac: row.costFrac,
            isPersistent: row.isPersistent,
            side: row.short === first ? 1 : -1,
            gross: row.grossFrac!
          })
        }
      }
      say(`${asset}, ${days} days`)
    }
  }
  return [...pairs.values()].sort((a, b) => nameOf(a).localeCompare(nameOf(b)))
}

const nameOf = ({ first, second }: PairSpreads) => `${kindOf(first)} ${first} ${second}`
const kindOf = (instrument: string) => instrument.slice(instrument.indexOf(':') + 1)

/** Of what is priced, linear against linear and inverse against inverse; whole ones. */
function isWanted({ short, long, shortVenue, longVenue, grossFrac }: Spread): boolean {
  const isPriced = [shortVenue, longVenue].every((venue) => (PRICED_VENUES as readonly string[]).includes(venue))
  return isPriced && kindOf(short) === kindOf(long) && grossFrac !== null
}

/** The side that was right in the window before, held through this one. */
const followed = (held: readonly Held[]) =>
  held.slice(1).map(({ gross, side, costFrac }, index) => {
    const earned = gross * side * held[index]!.side
    return { gross: earned, net: earned - costFrac }
  })

const meanOf = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((a, b) => a + b) / values.length

export function spreadsTable(pairs: readonly PairSpreads[]): string[] {
  return tableOf(
    [
      'first',
      'second',
      'weeks',
      'first paid more',
      'mean spread a year',
      'three blocks agree',
      'same side as the week before'
    ],
    pairs.map(({ first, second, byLength: [weeks = []] }) => [
      `\`${first}\``,
      `\`${second}\``,
      weeks.length,
      sharePercent(weeks, ({ side }) => side > 0),
      percent(meanOf(weeks.map(({ aprSpread }) => aprSpread!))),
      sharePercent(weeks, ({ isPersistent }) => isPersistent === true),
      sharePercent(weeks.slice(1), (week, index) => week.side === weeks[index]!.side)
    ])
  )
}

/** Of all pairs of one asset and kind: what was left after taker fees in and out on both venues. */
export function netTable(pairs: readonly PairSpreads[], lengths: readonly number[] = LENGTHS_DAYS): string[] {
  const byKind = Map.groupBy(pairs, ({ first }) => kindOf(first))
  const rows = [...byKind].flatMap(([kind, own]) =>
    lengths.map((days, place) => {
      const held = own.flatMap(({ byLength }) => byLength[place]!)
      const following = own.flatMap(({ byLength }) => followed(byLength[place]!))
      const net = held.map(({ gross, costFrac }) => gross - costFrac)
      return [
        kind,
        days,
        held.length,
        percent(meanOf(held.map(({ gross }) => gross)), 3),
        percent(meanOf(held.map(({ costFrac }) => costFrac)), 3),
        sharePercent(net, (each) => each > 0),
        percent(meanOf(following.map(({ gross }) => gross)), 3),
        sharePercent(following, ({ net: left }) => left > 0),
        percent(meanOf(following.map(({ net: left }) => left)), 3)
      ]
    })
  )
  return tableOf(
    [
      'contracts',
      'days',
      'windows',
      'gross, known after',
      'cost',
      'net > 0',
      'gross, side of the window before',
      'net > 0',
      'mean net'
    ],
    rows
  )
}
