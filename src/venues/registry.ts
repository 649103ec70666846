import { binance } from './binance.ts'
import { bybit } from './bybit.ts'
import type { VenueAdapter } from './venue.ts'

/** Every venue that the service can collect from. */
export const ADAPTERS: readonly VenueAdapter[] = [binance, bybit]

export function findAdapter(id: string): VenueAdapter | undefined {
  return ADAPTERS.find((adapter) => adapter.id === id)
}
