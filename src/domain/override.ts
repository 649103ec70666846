import type { AssetClass } from './instrument.ts'

/** What a human has said about one instrument, because nothing that can be asked says it. Null: not said. */
export type InstrumentOverride = {
  /** The instrument's key. */
  readonly key: string
  /** The ticker of what it is about: the same for one asset under two tickers, another for another asset under one. */
  readonly asset: string | null
  readonly assetClass: AssetClass | null
  /** Units of the asset in one unit of its base, exact. */
  readonly multiplier: string | null
  /** The key that it had before. */
  readonly renamedFrom: string | null
  readonly note: string | null
}
