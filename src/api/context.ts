import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import type { BoardCache } from './board-cache.ts'
import type { CatalogueSource } from './catalogue.ts'

/** What the API is given. */
export type ApiDeps = {
  readonly config: Pick<
    Config,
    | 'host'
    | 'port'
    | 'roles'
    | 'pollMs'
    | 'storeMs'
    | 'openInterestMs'
    | 'depth'
    | 'marketsMs'
    | 'bootstrapKeyFile'
    | 'rateLimitPerMinute'
    | 'fundingRegime'
    | 'webhookPrivateTargets'
  >
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly kind: 'live' | 'simulated'
  /** What we use of each venue. */
  readonly capabilities?: Readonly<Record<string, readonly string[]>> | undefined
  /** How many stored rows one request may read, where it is not what it is for everybody. */
  readonly storedRowsMax?: number | undefined
}

/** What the routes share. */
export type ApiContext = ApiDeps & { readonly board: BoardCache; readonly catalogue: CatalogueSource }
