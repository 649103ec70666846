import { DAY, HOUR } from '../../domain/time.ts'
import { valueNoise } from '../market/noise.ts'
import { textOf } from './context.ts'

/** An exchange that somebody else runs on Hyperliquid (HIP-3): shares, whose spot nobody here trades. */
export const DEX = 'xyz'
const NAME = 'xyz:TSLA'
const USD = 431.5

export const DEX_META = {
  universe: [
    {
      szDecimals: 3,
      name: NAME,
      maxLeverage: 10,
      marginTableId: 10,
      onlyIsolated: true,
      marginMode: 'strictIsolated',
      growthMode: 'enabled'
    }
  ],
  marginTables: [],
  collateralToken: 0
}

/** perpDexs: Hyperliquid's own is null. */
export const DEXS = [
  null,
  {
    name: DEX,
    fullName: 'XYZ',
    deployer: '0x88806a71d74ad0a510b350545c9ae490912f0888',
    oracleUpdater: null,
    feeRecipient: '0x79c0650064b10f73649b7b64c5ebf0b319606140',
    assetToStreamingOiCap: [[NAME, '100000000.0']]
  }
]

export function dexContexts(atMs: number): unknown[] {
  const price = (at: number) =>
    USD * (1 + 0.03 * valueNoise(4711, at / (5 * DAY)) + 0.003 * valueNoise(4712, at / HOUR))
  const now = price(atMs)
  const text = (value: number) => textOf(value, 2)
  return [
    {
      funding: '0.00000625',
      openInterest: '53211.204',
      prevDayPx: text(price(atMs - DAY)),
      dayNtlVlm: '18211034.5512',
      premium: '0.0001',
      oraclePx: text(now),
      markPx: text(now * 1.0001),
      midPx: text(now * 1.0001),
      impactPxs: [text(now * 0.9998), text(now * 1.0004)],
      dayBaseVlm: '42120.117'
    }
  ]
}
