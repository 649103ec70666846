import { type Config, type GENERAL, loadConfig } from '../config.ts'
import { databaseAddress } from '../store/database.ts'

/** Every setting as it could be written in the environment, secrets left out. Null: not set. */
const SHOWN: Readonly<Record<keyof typeof GENERAL, (config: Config) => string | number | null>> = {
  DATABASE_URL: ({ databaseUrl }) =>
    databaseUrl === null ? null : `${databaseAddress(databaseUrl)} (user and password not shown)`,
  DATA_DIR: ({ dataDir }) => dataDir,
  HOST: ({ host }) => host,
  PORT: ({ port }) => port,
  ROLES: ({ roles }) => roles.join(','),
  VENUES: ({ venues }) => listed(venues),
  VENUE_URLS: ({ venueUrls }) =>
    Object.keys(venueUrls).length === 0 ? null : withoutLogins(JSON.stringify(venueUrls)),
  ASSETS: ({ assets }) => listed(assets),
  ASSET_COUNT: ({ assetCount }) => assetCount,
  POLL_SECONDS: ({ pollMs }) => pollMs / 1_000,
  STORE_SECONDS: ({ storeMs }) => storeMs / 1_000,
  MARKETS_SECONDS: ({ marketsMs }) => marketsMs / 1_000,
  OPEN_INTEREST_SECONDS: ({ openInterestMs }) => openInterestMs / 1_000,
  DEPTH_CONTRACTS: ({ depth }) => depth.contracts,
  FLOW_CONTRACTS: ({ flow }) => flow.contracts,
  FLOW_SECONDS: ({ flow }) => flow.everyMs / 1_000,
  LIQUIDATION_CONTRACTS: ({ liquidation }) => liquidation.contracts,
  LIQUIDATION_SECONDS: ({ liquidation }) => liquidation.everyMs / 1_000,
  DEPTH_SECONDS: ({ depth }) => depth.everyMs / 1_000,
  CALL_TIMEOUT_SECONDS: ({ callTimeoutMs }) => callTimeoutMs / 1_000,
  MAX_RESPONSE_MB: ({ maxResponseBytes }) => maxResponseBytes / 1e6,
  HISTORY_SETTLEMENT_DAYS: ({ history }) => history.settlementDays,
  HISTORY_BASIS_DAYS: ({ history }) => history.basisDays,
  HISTORY_CALLS_PER_SECOND: ({ history }) => history.callsPerSecond,
  MAX_DISK_GB: ({ maxDiskBytes }) => (maxDiskBytes === null ? null : maxDiskBytes / 1e9),
  WEBHOOK_PRIVATE_TARGETS: ({ webhookPrivateTargets }) => webhookPrivateTargets,
  HOT_DAYS: ({ hotDays }) => hotDays,
  RAW_RETENTION_DAYS: ({ rawDays }) => rawDays,
  WEBHOOK_RETENTION_DAYS: ({ webhookRetentionMs }) => webhookRetentionMs / 86_400_000,
  INSTRUMENTS_FILE: ({ instrumentsFile }) => instrumentsFile,
  BOOTSTRAP_KEY_FILE: ({ bootstrapKeyFile }) => bootstrapKeyFile,
  RATE_LIMIT_PER_MINUTE: ({ rateLimitPerMinute }) => rateLimitPerMinute,
  MEMORY_LOG_SECONDS: ({ memoryLogMs }) => memoryLogMs / 1_000,
  LOG_LEVEL: ({ logLevel }) => logLevel
}

const listed = (items: readonly string[] | null) => (items === null ? null : items.join(','))

/** A mirror or proxy may have a user and a password in its address. */
const withoutLogins = (text: string) => text.replaceAll(/(https?:\/\/)[^/@"]*@/g, '$1***@')

/** The settings that differ from their defaults, as `NAME=value`. */
export function settingsInForce(config: Config): string[] {
  const defaults = loadConfig({})
  const general = Object.entries(SHOWN).map(([name, shown]) => [name, shown(config), shown(defaults)] as const)
  const signals = Object.entries(config.signalSettings).map(
    ([name, value]) => [name, value, defaults.signalSettings[name]] as const
  )
  return [...general, ...signals].flatMap(([name, value, fallback]) =>
    value === null || value === fallback ? [] : [`${name}=${value}`]
  )
}
