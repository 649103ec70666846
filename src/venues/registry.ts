import { binance } from './binance.ts'
import { bybit } from './bybit.ts'
import { deribit } from './deribit.ts'
import { hyperliquid } from './hyperliquid.ts'
import { kraken } from './kraken.ts'
import { okx } from './okx.ts'
import type { VenueAdapter } from './venue.ts'

/** Every venue that the service can collect from. */
export const ADAPTERS: readonly VenueAdapter[] = [binance, bybit, okx, hyperliquid, kraken, deribit]

export function findAdapter(id: string): VenueAdapter | undefined {
  return ADAPTERS.find((adapter) => adapter.id === id)
}
