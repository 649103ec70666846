import type { AssetClass, InstrumentKind, InstrumentStatus } from '../domain/instrument.ts'

/** What a venue lists, before it has an id of ours. Times in epoch milliseconds; sizes exact decimals. */
export type Listing = {
  readonly key: string
  readonly symbol: string
  readonly nativeId: string
  readonly kind: InstrumentKind
  readonly assetClass: AssetClass
  readonly base: string
  readonly quote: string
  readonly settle: string | null
  readonly inverse: boolean | null
  readonly contractSize: string | null
  readonly expiresAt: number | null
  readonly listedAt: number | null
  /** When the venue has announced that it will stop trading. */
  readonly delistedAt: number | null
  readonly status: InstrumentStatus
}
