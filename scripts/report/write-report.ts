import type { Identities } from './identity.ts'

export type Findings = {
  readonly files: number
  readonly imports: number
  readonly identities: readonly Identities[]
  readonly tables: Readonly<
    Record<
      'realised' | 'standings' | 'spreads' | 'net' | 'identity' | 'signs' | 'premium' | 'claims',
      readonly string[]
    >
  >
}

/** docs/report.md: what each table is of, the table, and what of it did not hold. */
export function writeReport({ files, imports, identities, tables }: Findings): string {
  return [
    '# Report on recorded data',
    '',
    'Written by `npm run report`: every number below is an answer of the REST API, or a count, mean or percentile of such answers, over recorded',
    'histories that `contango import` has read. Nothing is typed in by hand. What did not hold is at the end.',
    '',
    '    npm run report                        # reads ../shared/data; some minutes',
    '    npm run report -- /path/to/data       # the folder that has history/ in it',
    '',
    `Read were ${files} files in ${imports} imports, a leg each: settled funding of seven venues (2020–2023), of Binance and Hyperliquid (2022–2025), and 8 h`,
    'closes with settled funding of Binance, Bybit and OKX, spot, linear and inverse, Bitcoin and Ether, 2023-01-01 to 2024-07-01. One of them by hand:',
    '',
    ...BY_HAND,
    '',
    'Funding > 0: longs pay shorts. Basis > 0: the contract is above spot. 1 bp = 0.01 %. A year has 8,760 h and is not compounded.',
    '',
    ...section('Realised funding', REALISED, tables.realised),
    ...section('Percentiles', STANDINGS, tables.standings),
    ...section('Funding of one venue against another', SPREADS, tables.spreads),
    ...section('… and what was left of it', NET, tables.net),
    ...section('Layer 1: what a basis is made of', IDENTITY, tables.identity),
    '## What did not hold',
    '',
    ...held(identities),
    '',
    ...section('“When the contract is above spot, longs pay”', SIGNS, tables.signs, '###'),
    ...section('“Lock in the premium”', PREMIUM, tables.premium, '###'),
    ...section(CLAIMED, claimsText(tables.claims), tables.claims, '###')
  ].join('\n')
}

const section = (title: string, says: readonly string[], table: readonly string[], level = '##') => [
  `${level} ${title}`,
  '',
  ...says,
  '',
  ...table,
  ''
]

const BY_HAND = [
  '    npm run -s contango -- import ../shared/data/history/aha-hh/all_exchanges.csv --kind funding \\',
  '      --instrument okx:BTC/USDT:USDT --where exchange=okx,pair=BTCUSDT --time-zone Europe/London --columns "time=time,rate=funding rate"',
  "    curl 'http://127.0.0.1:8080/v1/funding/realised?instrument=okx:BTC/USDT:USDT&from=2022-12-31T23:59:59.999Z&to=2023-12-31T23:59:59.999Z'"
]

const REALISED = [
  '`/v1/funding/realised`, a calendar year each: Σ of the settled rates as a simple rate a year. In brackets the share of the settlements that were due',
  'and are known, where that is not all; a part of a year is not a year’s rate. Empty: nothing is recorded.'
]
const STANDINGS = [
  'At 2024-07-01 00:00 UTC: the last settlement and the last close, and where each stands among its own of the days before (mid-rank, 0 to 100). Of funding',
  '`/v1/funding/standings` tells, asked at that moment; of a basis the rank is taken of `/v1/basis/history`. The basis of an inverse contract compares dollars with',
  'USDT, which no file here gives a rate for.'
]
const SPREADS = [
  '`/v1/funding/spreads` over each of the weeks: short the one that paid more, long the other. “Three blocks agree”: in the last three blocks of 8 h and',
  'longer the same one paid more (`isPersistent`).'
]
const NET = [
  'Per notional of one leg, less taker fees of the base tier in and out on both venues; impact and margin are not in it. “Known after” takes the side that turned',
  'out right, which nobody can; the columns behind it take the side of the window before.'
]
const IDENTITY = [
  '`/v1/drivers`: basis = fx + fair carry + residual, in exact decimals, at two closes in every eleven. The sums were made again from the answers, of each close and of the',
  'change between two. Fair carry is the middle of the dead band at 5 % on cash, 3 % on Ether: the venue’s formula and these assumptions, not a price.'
]
const SIGNS = [
  'Each settlement beside the basis of that moment. Funding is drawn to 0.01 % per 8 h within a dead band of ±5 bps: a contract a little below spot still has its longs',
  'pay, as the last column counts. Where “same sign” is less than a half, a coin is right more often than the sentence.'
]
const PREMIUM = [
  'A perpetual’s premium is not locked by anything: it has no day on which it ends. The third column counts how often it was more than getting in and out costs: taker',
  'fees of the base tier, both legs, twice. What holding the coin against a short of the perpetual earned is the last column: funding, harvested over time.'
]
const CLAIMED = '“High funding warns, negative funding rebounds, a premium expects a rise”'
const claimsText = (claims: readonly string[]) => {
  const cells = claims.slice(2).flatMap((row) => row.split(' | ').slice(1))
  const bold = cells.filter((cell) => cell.includes('**')).length
  return [
    'Spot in the week after such moments less in the week after any, with the 90 % interval of that (1,000 seeded resamples of circular blocks of three weeks) and how many',
    `moments there were. Bold, ${bold} of ${cells.length}: an interval without 0, as one in ten would be by chance. Eighteen months of one bull market in two coins that move together prove little.`
  ]
}

function held(identities: readonly Identities[]): string[] {
  const without = identities.filter(({ splits }) => splits === 0).map(({ instrument }) => `\`${instrument}\``)
  const refusals = new Map<string, number>()
  for (const each of identities.filter(({ splits }) => splits > 0))
    for (const [code, count] of each.refusals) refusals.set(code, (refusals.get(code) ?? 0) + count)
  return [
    `* **Layer 1 of inverse contracts cannot be said.** ${without.join(', ')}: their basis compares dollars with USDT, and no file has a rate of USDT; the API says`,
    '  `no_fx` rather than take it for 1. Their raw basis is served, graded no better than `display` with `fx_unadjusted`.',
    '* **There is no layer 1 for HTX, MEXC, KuCoin, Gate, dYdX and Hyperliquid**: the files have their funding and none of their prices.',
    `* **Nothing is attributed (layer 2).** Its model wants hours, and one close in eight hours is not that: every window was refused (${[...refusals].map(([code, count]) => `\`${code}\` ${count}`).join(', ')}).`,
    '* **The files have holes**, and `/v1/gaps` names each: 25 a coin in Hyperliquid’s (nine days in nearly every month), 2020-12 in Gate’s, one settlement and seven odd',
    '  intervals in HTX’s. Sums over them say so in `coverage`, and a spread with such a leg is null (`low_coverage`).',
    '* **An import alone is in no table of all contracts**: `/v1/funding/spreads` and `/v1/aggregates` are of what is followed. Here both coins are, as `ASSETS=BTC,ETH` would have it.',
    '* **Closes are not books.** Both legs’ last trades of 8 h, perhaps seconds apart: graded `display` with `price_last`, good for a mean, not for a trade.'
  ]
}
