import {
  ASSET_CLASSES,
  INSTRUMENT_STATUSES,
  type Instrument,
  MULTIPLIER_SOURCES,
  QUARANTINE_REASONS,
  settlementOf
} from '../domain/instrument.ts'
import { isoOf, isoOrNull } from '../domain/time.ts'
import { pageParameters } from './board-parameters.ts'
import { tableParameters } from './history-parameters.ts'
import { list, listOf, time as timeParameter, word } from './parameters.ts'
import {
  arrayOf,
  count,
  countOrNull,
  decimalOrNull,
  nullable,
  number,
  numberOrNull,
  object,
  oneOf,
  oneOfOrNull,
  text,
  textOrNull,
  texts,
  time,
  timeOrNull,
  truth,
  truthOrNull
} from './schema.ts'

export const INSTRUMENT_KINDS = ['spot', 'perpetual', 'future'] as const
const SPOT_REASONS = [
  'same_venue_same_quote',
  'same_venue_other_quote',
  'reference_venue_same_quote',
  'reference_venue_other_quote'
]

export const instrumentParameters = {
  venue: list('Venues', 'binance,bybit'),
  asset: list('Assets', 'BTC,ETH'),
  kind: listOf(INSTRUMENT_KINDS, 'Kinds'),
  status: listOf(INSTRUMENT_STATUSES, 'Listing states'),
  ...pageParameters
}

const quarantineSchema = object({
  reason: oneOf(QUARANTINE_REASONS, 'Why its price contradicts what it is taken for'),
  ratio: numberOrNull('Its price of one unit of the asset over that of the others', 100),
  since: time('Since when')
})

export const instrumentSchema = object({
  instrument: text('The id, as every other answer writes it: venue:ccxt-symbol', 'binance:1000PEPE/USDT:USDT'),
  venue: text('Where it trades', 'binance'),
  symbol: text('ccxt’s unified symbol', '1000PEPE/USDT:USDT'),
  nativeId: textOrNull('The venue’s own id', '1000PEPEUSDT'),
  kind: oneOf(INSTRUMENT_KINDS, 'What trades'),
  asset: text(
    'What it is about once the multiplier is resolved; other than coins with their class: TSLA.STOCK',
    'PEPE'
  ),
  assetClass: oneOf(ASSET_CLASSES, 'What the price is about; assets of two classes are never one'),
  base: text('Base currency as the venue writes it', '1000PEPE'),
  quote: text('Currency of the price', 'USDT'),
  settle: textOrNull('Currency it settles in; null for spot', 'USDT'),
  linear: truthOrNull('Settled in its quote or another money; null for spot'),
  inverse: truthOrNull('Settled in its base; null for spot'),
  quanto: truthOrNull('Settled in a third currency, and refused where sizes are needed; null for spot'),
  multiplier: numberOrNull('Units of the asset in one unit of base; null while unresolved', 1000),
  multiplierSource: oneOf(MULTIPLIER_SOURCES, 'How the multiplier is known'),
  contractSize: decimalOrNull('Base units (linear) or quote units (inverse) in one contract; null for spot', '1'),
  expiresAt: timeOrNull('Expiry; null for what has none'),
  listedAt: timeOrNull('Since when it trades; null where the venue does not say'),
  delistedAt: timeOrNull('Since when it does not, or from when it will not'),
  delistingAnnouncedAt: timeOrNull('When we first heard that it will stop trading'),
  status: oneOf(INSTRUMENT_STATUSES, 'Whether it trades'),
  statusSince: time('Since when it is in that state, as far as we know'),
  firstSeenAt: time('When we first saw it'),
  renamedFrom: textOrNull('What it was called before: the history goes on from there', 'binance:OLD/USDT:USDT'),
  renamedTo: textOrNull('What it is called now: the history goes on there', 'binance:NEW/USDT:USDT'),
  quarantine: nullable(quarantineSchema),
  tracked: truth('Whether it is polled and stored'),
  spot: textOrNull('The spot leg chosen for it; null for spot, or where none exists', 'binance:PEPE/USDT'),
  spotReason: oneOfOrNull(SPOT_REASONS, 'Why that one'),
  source: oneOf(['venue', 'import'], 'How it became known')
})

/** An instrument as outsiders see it; `keyOf` answers the id of another by its number. */
export function instrumentView(instrument: Instrument, keyOf: (id: number) => string | undefined) {
  const { key, spotId, multiplier, inverse, expiresAt, listedAt, delistedAt, quarantine } = instrument
  const settlement = settlementOf(instrument)
  return {
    instrument: key,
    venue: instrument.venue,
    symbol: instrument.symbol,
    nativeId: instrument.nativeId,
    kind: instrument.kind,
    asset: instrument.asset,
    assetClass: instrument.assetClass,
    base: instrument.base,
    quote: instrument.quote,
    settle: instrument.settle,
    linear: settlement === null ? null : settlement === 'linear',
    inverse,
    quanto: settlement === null ? null : settlement === 'quanto',
    multiplier: multiplier === null ? null : Number(multiplier),
    multiplierSource: instrument.multiplierSource,
    contractSize: instrument.contractSize,
    expiresAt: isoOrNull(expiresAt),
    listedAt: isoOrNull(listedAt),
    delistedAt: isoOrNull(delistedAt),
    delistingAnnouncedAt: isoOrNull(instrument.delistingAnnouncedAt),
    status: instrument.status,
    statusSince: isoOf(instrument.statusSince),
    firstSeenAt: isoOf(instrument.firstSeenAt),
    renamedFrom: instrument.renamedFrom,
    renamedTo: instrument.renamedTo,
    quarantine: quarantine && { ...quarantine, since: isoOf(quarantine.since) },
    tracked: instrument.tracked,
    spot: spotId === null ? null : (keyOf(spotId) ?? null),
    spotReason: instrument.spotReason,
    source: instrument.source
  }
}

export const assetParameters = { asset: list('Assets', 'BTC,ETH'), ...pageParameters }

export const assetSchema = object({
  asset: text('The asset', 'BTC'),
  tracked: truth('Whether its contracts are polled and stored'),
  rank: countOrNull('Place by open interest, else by volume; 1 is the largest', 1),
  openInterestUsd: decimalOrNull('Open interest over the venues that tell it in bulk, US dollars', '12345678901.2'),
  volume24hUsd: decimalOrNull('Volume of 24 h, US dollars', '45678901234.5'),
  rankedAt: timeOrNull('When it was ranked'),
  venues: texts('Venues with a contract of it that is not gone'),
  perpetuals: count('Perpetuals of it that are not gone'),
  futures: count('Dated futures of it that are not gone')
})

export const venueParameters = { venue: list('Venues', 'binance,bybit'), ...pageParameters }
export const jobParameters = { ...pageParameters }

const progressSchema = object({
  instruments: count('Instruments whose past is wanted'),
  instrumentsDone: count('Those of which everything wanted is fetched'),
  oldestAt: timeOrNull('The oldest time that has been reached'),
  rowsPerMinute: count('Rows that came within the last minute'),
  waiting: count('Pieces not begun: settlements, hourly prices or open interest of one instrument'),
  running: count('In work'),
  done: count('Fetched as far as wanted'),
  failed: count('Given up for now')
})

const capabilitySchema = object({
  fact: text('What is asked for', 'open_interest'),
  call: text('Our name of the question', 'linear tickers'),
  method: text('The method of ccxt behind it', 'fetchTickers'),
  reach: oneOf(['bulk', 'single'], 'One question for all of them, or one for each'),
  cadence: text('When it is due: poll, open_interest, depth, flow, liquidation, or so many seconds', 'poll'),
  weightMs: number('How long one question keeps the venue’s pace busy, milliseconds', 100),
  unit: text('What its figures count', 'base, both sides'),
  fields: texts('The venue’s own names of what is read'),
  evidence: texts('How their meaning is known', ['body', 'ccxt', 'docs'])
})

export const venueSchema = object({
  venue: text('The id', 'binance'),
  name: text('Its name', 'Binance'),
  state: text('starting, up, degraded, down, banned, geo-blocked or closed', 'up'),
  reason: textOrNull('Why it is in that state'),
  since: time('Since when'),
  bannedUntil: timeOrNull('Until when it refuses us'),
  failures: count('Failed polls in a row'),
  capabilities: texts('What we use of it'),
  isDisplayOnly: truth('It is not asked for anything: its past is kept and may be imported, and makes no signals'),
  facts: arrayOf(capabilitySchema),
  lastPollAt: timeOrNull('When it was last asked'),
  lastSuccessAt: timeOrNull('When it last answered'),
  nextPollAt: timeOrNull('When it is asked next'),
  lagMs: numberOrNull('From the tick to its facts being stored, milliseconds', 840),
  expected: countOrNull('Instruments that the last poll should have told'),
  received: countOrNull('Instruments that it told'),
  coverage: numberOrNull('received / expected, 0 to 1', 1),
  marketsLoadedAt: timeOrNull('When what it lists was last loaded'),
  closedAt: timeOrNull('When it stopped for good; what is known of it stays'),
  backfill: progressSchema
})

/** What holds for the service as a whole, beside its venues. */
export const serviceMeta = {
  kind: oneOf(['live', 'simulated'], 'Whether these are the exchanges or simulated ones'),
  pollMs: count('Between two polls of prices, milliseconds; grades fall by it', 10_000),
  openInterestMs: count('Between two askings for open interest, milliseconds; it expires by it', 300_000)
}

export const jobSchema = object({
  job: text('The job', 'collect'),
  scope: textOrNull('The venue; null for jobs without one', 'binance'),
  state: text('claimed, done, failed or missed; waiting where it has not run', 'done'),
  holder: textOrNull('Who had the last tick'),
  lastTickAt: timeOrNull('The grid time of its newest tick'),
  nextTickAt: timeOrNull('The grid time of the next one'),
  finishedAt: timeOrNull('When the newest tick ended; null while it runs'),
  lastDoneAt: timeOrNull('When a tick last ended well'),
  lagMs: numberOrNull('From the tick to its end, milliseconds', 840),
  rows: countOrNull('Rows it wrote'),
  skipped: countOrNull('Instruments it left out, each with its reason'),
  failure: textOrNull('Why it failed'),
  failures24h: count('Failed ticks of the last 24 h'),
  missed24h: count('Missed ticks of the last 24 h'),
  backfill: nullable(progressSchema)
})

export const gapParameters = {
  instrument: word('The instrument; what befell its whole venue is included', 'binance:BTC/USDT:USDT'),
  venue: list('Venues', 'binance'),
  from: timeParameter('Gaps that end after this'),
  to: timeParameter('Gaps that begin before this'),
  ...tableParameters
}

export const gapSchema = object({
  instrument: textOrNull('The instrument; null: every instrument of the venue', 'binance:BTC/USDT:USDT'),
  venue: text('The venue', 'binance'),
  fact: oneOf(
    ['market', 'funding_estimate', 'settlement', 'basis', 'depth', 'flow', 'liquidation', 'open_interest'],
    'What is missing; of depth, flow and liquidations: of the contracts that are asked for them'
  ),
  from: time('From when'),
  to: time('Until when, not included'),
  reason: text('Why', 'timeout'),
  filledAt: timeOrNull('When it was filled after all')
})
