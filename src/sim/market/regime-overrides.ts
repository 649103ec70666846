import { MINUTE } from '../../domain/time.ts'
import { ASSETS, type Asset, assetNamed } from './assets.ts'
import type { RegimeModel } from './regimes.ts'

export const REGIMES = ['calm', 'euphoric', 'panic'] as const
export type RegimeName = (typeof REGIMES)[number]

/** Premium of an asset's perpetuals in each regime (fraction). */
const LEVELS: Readonly<Record<RegimeName, number>> = { calm: 0, euphoric: 0.003, panic: -0.003 }
/** How long a market takes to change its mind. */
const RAMP_MS = 10 * MINUTE

/** Regimes that somebody has ordered, each from its moment on; null is the market's own again. */
export type RegimeOverrides = {
  set(asset: string, regime: RegimeName | null, fromMs: number): void
  /** The regimes in force that were ordered. */
  list(): Readonly<Record<string, RegimeName>>
}

export const assetNames = (): readonly string[] => ASSETS.map(({ name }) => name)

/** The same regimes with those that were ordered; the time before an order is as it was. */
export function withOverrides(model: RegimeModel): RegimeModel & { readonly overrides: RegimeOverrides } {
  const orders = new Map<Asset, { regime: RegimeName | null; fromMs: number }[]>()
  return {
    level: (asset, atMs) => {
      const natural = model.level(asset, atMs)
      const own = orders.get(asset)
      if (!own) return natural
      return own.reduce((level, { regime, fromMs }) => {
        const aim = regime === null ? natural : LEVELS[regime]
        return level + (aim - level) * ramp((atMs - fromMs) / RAMP_MS)
      }, natural)
    },
    overrides: {
      set: (name, regime, fromMs) => {
        const asset = assetNamed(name)
        orders.set(asset, [...(orders.get(asset) ?? []), { regime, fromMs }])
      },
      list: () =>
        Object.fromEntries(
          [...orders].flatMap(([{ name }, own]) => {
            const regime = own.at(-1)?.regime ?? null
            return regime === null ? [] : [[name, regime]]
          })
        )
    }
  }
}

/** 0 before, 1 after, smooth between. */
function ramp(share: number): number {
  const inside = Math.min(1, Math.max(0, share))
  return inside * inside * (3 - 2 * inside)
}
