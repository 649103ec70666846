import { join } from 'node:path'

/** One import of a recorded file: what `contango import` is told after the file's name. */
export type Recorded = {
  readonly instrument: string
  readonly kind: 'prices' | 'funding'
  readonly file: string
  readonly args: readonly string[]
}

/** Closes and settlements of these venues, which the cross-venue tables and layer 1 are of. */
export const PRICED_VENUES = ['binance', 'bybit', 'okx'] as const
export const ASSETS = ['BTC', 'ETH'] as const
/** Closes of 8 h, the last of them at the end. */
export const PRICED = { fromMs: Date.UTC(2023, 0, 1), toMs: Date.UTC(2024, 6, 1) } as const

/** Every history under `folder`, a leg at a time. Times are the files' own clocks: London, three hours ahead of UTC, UTC. */
export function listRecorded(folder: string): Recorded[] {
  return [...candles(folder), ...settlements(folder), ...settlementTexts(folder)]
}

/** A close belongs to the end of its candle, eight hours after its stamp; a rate is settled at the stamp. */
function candles(folder: string): Recorded[] {
  const file = join(folder, 'aha-hh/all_exchanges.csv')
  const of = (instrument: string, kind: Recorded['kind'], where: string): Recorded => {
    const columns = kind === 'prices' ? ['time=time,price=close', '--shift', '8h'] : ['time=time,rate=funding rate']
    return { instrument, kind, file, args: ['--where', where, '--time-zone', 'Europe/London', '--columns', ...columns] }
  }
  return PRICED_VENUES.flatMap((venue) =>
    ASSETS.flatMap((base, index) => {
      const [spot, linear, inverse] = [`${base}/USDT`, `${base}USDT`, `${base}USDCM`].map(
        (pair) => `exchange=${venue},pair=${pair}`
      )
      const ofSpot = of(`${venue}:${base}/USDT`, 'prices', `${spot},contract=spot`)
      const ofContracts = [
        of(`${venue}:${base}/USDT:USDT`, 'prices', `${linear},contract=perpetual`),
        of(`${venue}:${base}/USD:${base}`, 'prices', `${inverse},contract=perpetual`)
      ]
      return [
        // Either leg may come first.
        ...(index === 0 ? [ofSpot, ...ofContracts] : [...ofContracts, ofSpot]),
        of(`${venue}:${base}/USDT:USDT`, 'funding', linear!),
        of(`${venue}:${base}/USD:${base}`, 'funding', inverse!)
      ]
    })
  )
}

const FIRST_YEAR: Readonly<Record<string, number>> = { binance: 2020, gate: 2020, dydx: 2022 }

function settlements(folder: string): Recorded[] {
  return ['binance', 'bybit', 'htx', 'mexc', 'kucoin', 'gate', 'dydx'].flatMap((venue) =>
    ASSETS.map((base): Recorded => {
      const name = `${base}-USDT_${venue}_${FIRST_YEAR[venue] ?? 2021}-01-01_2024-01-01_funding_history.csv`
      const zone = venue === 'gate' || venue === 'dydx' ? 'UTC' : 'Etc/GMT-3'
      return {
        instrument: `${venue}:${base}/${venue === 'dydx' ? 'USD:USD' : 'USDT:USDT'}`,
        kind: 'funding',
        file: join(folder, 'supervik', name),
        args: ['--columns', 'time=Date,rate=Funding Rate', '--time-zone', zone]
      }
    })
  )
}

function settlementTexts(folder: string): Recorded[] {
  return ['binance', 'hl'].flatMap((venue) =>
    ASSETS.map(
      (base): Recorded => ({
        instrument: venue === 'hl' ? `hyperliquid:${base}/USDC:USDC` : `binance:${base}/USDT:USDT`,
        kind: 'funding',
        file: join(folder, 'yuchengzhang966', `${venue}_${base}_funding_rates.json`),
        args: ['--columns', 'rate=funding_rate']
      })
    )
  )
}

export const argumentsOf = ({ instrument, kind, file, args }: Recorded): string[] => [
  file,
  ...['--kind', kind, '--instrument', instrument],
  ...args
]
