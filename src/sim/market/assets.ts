/** How deep and calm a market is: 0 the majors, 3 the smallest. */
export type Tier = 0 | 1 | 2 | 3

/** One coin of the simulated market. Prices are USD of one coin around which the price wanders. */
export type Asset = {
  readonly name: string
  readonly usd: number
  readonly tier: Tier
  readonly beta: number
  readonly index: number
}

/** name, USD, tier, share of the market's move */
const TABLE: readonly (readonly [string, number, Tier, number])[] = [
  ['BTC', 92_400, 0, 1],
  ['ETH', 3_180, 0, 1.15],
  ['SOL', 141.5, 0, 1.35],
  ['XRP', 2.16, 0, 1.1],
  ['BNB', 884, 0, 0.85],
  ['DOGE', 0.1624, 1, 1.4],
  ['ADA', 0.4875, 1, 1.25],
  ['TRX', 0.2812, 1, 0.6],
  ['AVAX', 15.32, 1, 1.35],
  ['LINK', 13.74, 1, 1.25],
  ['SUI', 1.725, 1, 1.5],
  ['LTC', 94.6, 1, 0.95],
  ['BCH', 498.5, 1, 0.95],
  ['DOT', 2.465, 1, 1.25],
  ['XLM', 0.2531, 1, 1.05],
  ['HBAR', 0.1462, 1, 1.25],
  ['TON', 1.684, 1, 0.9],
  ['UNI', 6.21, 1, 1.2],
  ['AAVE', 178.4, 1, 1.25],
  ['NEAR', 2.014, 1, 1.35],
  ['APT', 2.62, 1, 1.35],
  ['ICP', 4.38, 2, 1.25],
  ['ETC', 14.1, 2, 1.15],
  ['FIL', 1.642, 2, 1.3],
  ['ATOM', 2.573, 2, 1.15],
  ['ARB', 0.2264, 2, 1.4],
  ['OP', 0.3382, 2, 1.4],
  ['INJ', 5.92, 2, 1.45],
  ['SEI', 0.1418, 2, 1.45],
  ['TIA', 0.6431, 2, 1.55],
  ['STX', 0.3274, 2, 1.4],
  ['IMX', 0.3015, 2, 1.35],
  ['RENDER', 1.821, 2, 1.4],
  ['FET', 0.2563, 2, 1.55],
  ['TAO', 297.3, 2, 1.45],
  ['WLD', 0.6352, 2, 1.5],
  ['LDO', 0.6614, 2, 1.4],
  ['CRV', 0.4127, 2, 1.35],
  ['JUP', 0.2385, 2, 1.45],
  ['ENA', 0.2748, 2, 1.6],
  ['ONDO', 0.5163, 2, 1.4],
  ['PENDLE', 2.284, 2, 1.4],
  ['KAS', 0.04613, 2, 1.15],
  ['XMR', 384.6, 2, 0.6],
  ['WIF', 0.3862, 2, 1.7],
  ['ORDI', 4.283, 3, 1.55],
  ['PYTH', 0.07461, 3, 1.5],
  ['JTO', 0.4826, 3, 1.45],
  ['EIGEN', 0.5734, 3, 1.55],
  ['STRK', 0.1284, 3, 1.45],
  ['DYDX', 0.2316, 3, 1.4],
  ['COMP', 34.71, 3, 1.2],
  ['SNX', 0.5921, 3, 1.4],
  ['1INCH', 0.1963, 3, 1.3],
  ['SAND', 0.1642, 3, 1.35],
  ['MANA', 0.1731, 3, 1.3],
  ['AXS', 1.083, 3, 1.35],
  ['GALA', 0.007314, 3, 1.45],
  ['CHZ', 0.03126, 3, 1.15],
  ['ALGO', 0.1438, 3, 1.2],
  ['VET', 0.01352, 3, 1.2],
  ['GRT', 0.04867, 3, 1.3],
  ['PEPE', 0.00001162, 1, 1.7],
  ['SHIB', 0.00001314, 1, 1.4],
  ['BONK', 0.00002123, 2, 1.7],
  ['FLOKI', 0.00004986, 2, 1.6],
  ['SATS', 0.00000001938, 3, 1.6],
  // Begins with a letter that is a multiplier elsewhere.
  ['KAVA', 0.1582, 3, 1.3]
]

export const ASSETS: readonly Asset[] = TABLE.map(([name, usd, tier, beta], index) => ({
  name,
  usd,
  tier,
  beta,
  index
}))

/** USDC has a spot market and a price of its own, but no contracts here. */
export const DOLLAR_COIN: Asset = { name: 'USDC', usd: 1, tier: 0, beta: 0, index: ASSETS.length }
/** The coin that most prices are in; it drifts from a dollar. */
export const TETHER: Asset = { name: 'USDT', usd: 1, tier: 0, beta: 0, index: ASSETS.length + 1 }
export const ASSETS_AND_DOLLAR: readonly Asset[] = [...ASSETS, DOLLAR_COIN, TETHER]

const BY_NAME = new Map(ASSETS.map((asset) => [asset.name, asset]))

export function assetNamed(name: string): Asset {
  const asset = BY_NAME.get(name)
  if (!asset) throw new Error(`no simulated asset ${name}`)
  return asset
}

/** USD traded in a day on one venue's spot market of this tier, before the asset's own factor. */
export const VOLUME_USD_BY_TIER = [900e6, 90e6, 16e6, 5e6] as const
/** USD of open interest of one venue's main perpetual. */
export const OPEN_INTEREST_USD_BY_TIER = [1_400e6, 170e6, 38e6, 12e6] as const
/** USD resting within 10 bps of the mid on one side. */
export const DEPTH_USD_BY_TIER = [9e6, 900e3, 180e3, 60e3] as const
/** Half of the quoted spread in bps, at least half a tick. */
export const HALF_SPREAD_BPS_BY_TIER = [0.06, 0.5, 1.1, 1.9] as const
