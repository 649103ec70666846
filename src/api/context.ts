import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import type { BoardCache } from './board-cache.ts'
import type { CatalogueSource } from './catalogue.ts'

/** A row of the registry of what venues are asked for. */
export type UsedFact = {
  readonly fact: string
  readonly call: string
  readonly method: string
  readonly reach: string
  readonly cadence: string
  readonly weightMs: number
  readonly unit: string
  readonly fields: readonly string[]
  readonly kinds: readonly string[]
}

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
    | 'flow'
    | 'liquidation'
    | 'marketsMs'
    | 'bootstrapKeyFile'
    | 'rateLimitPerMinute'
    | 'fundingRegime'
    | 'bucketParameters'
    | 'webhookPrivateTargets'
    | 'maxDiskBytes'
    | 'rawDays'
  >
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly kind: 'live' | 'simulated'
  /** How many stored rows one request may read, where it is not what it is for everybody. */
  readonly storedRowsMax?: number | undefined
  /** What we use of each venue that is asked, and how we know what it means. */
  readonly capabilities?: Readonly<Record<string, readonly UsedFact[]>> | undefined
}

/** What the routes share. */
export type ApiContext = ApiDeps & { readonly board: BoardCache; readonly catalogue: CatalogueSource }
