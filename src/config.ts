import { editsBetween, nearestOf } from './contract/nearest.ts'
import { canonicalVenue } from './domain/instrument.ts'
import { type InputProblem, InvalidInputError } from './errors.ts'
import { integer, number, type Setting, setting } from './setting.ts'
import { signalProblems } from './signal-setting-problems.ts'
import { SIGNAL_SETTINGS, type SignalParameters, signalParametersOf } from './signal-settings.ts'

const oneOf =
  <T extends string>(...values: readonly T[]) =>
  (text: string) =>
    values.find((value) => value === text)
const list = (pattern: RegExp) => (text: string) => {
  const items = text.split(',').map((item) => item.trim())
  return items.every((item) => pattern.test(item)) ? [...new Set(items)] : undefined
}

export const ROLES = ['collect', 'derive', 'deliver', 'api'] as const
export type Role = (typeof ROLES)[number]
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

/** What is set of the service as a whole. */
export const GENERAL = {
  DATABASE_URL: setting<string | null>({
    read: (text) => (isPostgresUrl(text) ? text : undefined),
    expected: 'postgresql://user:password@host:5432/database',
    fallback: null,
    example: '',
    about: 'Where the data is. Unset: a PostgreSQL of our own under DATA_DIR.',
    secret: true
  }),
  DATA_DIR: setting({
    read: (text) => text,
    expected: 'a folder',
    fallback: '.data',
    example: '.data',
    about: 'The folder of the embedded PostgreSQL. The demo uses .data/demo unless this is set.'
  }),
  HOST: setting({
    read: (text) => (/^[A-Za-z0-9.:_-]+$/.test(text) ? text : undefined),
    expected: 'an address or host name, such as 127.0.0.1',
    fallback: '127.0.0.1',
    example: '127.0.0.1',
    about: 'The address to listen on. One that is not loopback needs an API key first (contango keys create).'
  }),
  PORT: setting({
    read: integer(0, 65_535),
    expected: 'a port from 0 (any free one) to 65535',
    fallback: 8080,
    example: '8080',
    about: 'The port to listen on.'
  }),
  ROLES: setting<readonly Role[]>({
    read: (text) => list(/^(collect|derive|deliver|api)$/)(text) as Role[] | undefined,
    expected: 'any of collect, derive, deliver, api, separated by commas',
    fallback: ROLES,
    example: ROLES.join(','),
    about: 'What this process does. Several processes with different roles may share one database.'
  }),
  VENUES: setting<readonly string[] | null>({
    read: (text) => {
      const ids = list(/^[a-z0-9]+$/)(text)
      return ids && [...new Set(ids.map(canonicalVenue))]
    },
    expected: 'venue ids separated by commas, such as binance,bybit',
    fallback: null,
    example: '',
    about: 'The venues to collect from. Unset: every supported one.'
  }),
  VENUE_URLS: setting<VenueUrls>({
    read: readVenueUrls,
    expected:
      'JSON such as {"binance":"http://127.0.0.1:9001"} or {"binance":{"https://fapi.binance.com":"http://127.0.0.1:9002"}}',
    fallback: {},
    example: '',
    about: 'Replaces the REST origins of a venue, all or one by one; the path is kept. For mirrors, proxies and tests.',
    // A mirror's address may carry a password.
    secret: true
  }),
  ASSETS: setting<readonly string[] | null>({
    read: list(/^[A-Z0-9]{1,20}(\.[A-Z]{1,20})?$/),
    expected: 'assets separated by commas, such as BTC,ETH,SOL',
    fallback: null,
    example: '',
    about: 'The assets to follow. Unset: the ASSET_COUNT largest by open interest, else by 24 h volume.'
  }),
  INSTRUMENTS_FILE: setting<string | null>({
    read: (text) => text,
    expected: 'a JSON file such as docs/venues.md shows',
    fallback: null,
    example: '',
    about: 'What only a human knows of instruments: assets, multipliers, old names. Read at start by who collects.'
  }),
  ASSET_COUNT: setting({
    read: integer(1, 10_000),
    expected: 'a whole number of assets from 1 to 10000',
    fallback: 50,
    example: '50',
    about: 'How many assets to follow when ASSETS is unset.'
  }),
  POLL_SECONDS: setting({
    read: number(0.1, 3_600),
    expected: 'seconds from 0.1 to 3600',
    fallback: 10,
    example: '10',
    about: 'Seconds between polls of quotes, and so between boards.'
  }),
  STORE_SECONDS: setting({
    read: number(0.1, 86_400),
    expected: 'seconds from 0.1 to 86400',
    fallback: 60,
    example: '60',
    about: 'Seconds between the observations that are kept as history; independent of polling.'
  }),
  MARKETS_SECONDS: setting({
    read: number(10, 86_400),
    expected: 'seconds from 10 to 86400',
    fallback: 3_600,
    example: '3600',
    about: 'Seconds between reloads of what each venue lists.'
  }),
  OPEN_INTEREST_SECONDS: setting({
    read: number(1, 86_400),
    expected: 'seconds from 1 to 86400',
    fallback: 300,
    example: '300',
    about: 'Seconds between open interest polls where a venue gives it one contract at a time.'
  }),
  CALL_TIMEOUT_SECONDS: setting({
    read: number(0.1, 300),
    expected: 'seconds from 0.1 to 300',
    fallback: 8,
    example: '8',
    about: 'Seconds that one call to a venue may take, body included.'
  }),
  MAX_RESPONSE_MB: setting({
    read: number(0.1, 1_000),
    expected: 'megabytes from 0.1 to 1000',
    fallback: 32,
    example: '32',
    about: 'Megabytes, inflated, that one answer of a venue may have.'
  }),
  HISTORY_SETTLEMENT_DAYS: setting({
    read: number(0, 3_650),
    expected: 'days from 0 to 3650',
    fallback: 120,
    example: '120',
    about: 'Days of settlements to fetch from the venues for the past; 0 fetches none.'
  }),
  HISTORY_BASIS_DAYS: setting({
    read: number(0, 3_650),
    expected: 'days from 0 to 3650',
    fallback: 30,
    example: '30',
    about: 'Days of hourly prices, and so of basis, to fetch from the venues for the past; 0 fetches none.'
  }),
  DEPTH_CONTRACTS: setting({
    read: integer(0, 1_000),
    expected: 'contracts from 0 to 1000',
    fallback: 10,
    example: '10',
    about:
      'Contracts of each venue, the largest by open interest, whose books and spot books are asked for spread and depth, and as many again at most that have an open signal of their books; 0: none.'
  }),
  DEPTH_SECONDS: setting({
    read: number(5, 3_600),
    expected: 'seconds from 5 to 3600',
    fallback: 60,
    example: '60',
    about: 'Seconds between two askings of those books, one after the other in the time that price polls leave.'
  }),
  FLOW_CONTRACTS: setting({
    read: integer(0, 1_000),
    expected: 'contracts from 0 to 1000',
    fallback: 10,
    example: '10',
    about:
      'Perpetuals of each venue, the largest by open interest, whose taker flow and long/short accounts are asked for; 0: none.'
  }),
  FLOW_SECONDS: setting({
    read: number(30, 86_400),
    expected: 'seconds from 30 to 86400',
    fallback: 300,
    example: '300',
    about: 'Seconds between two askings of flow, which venues sample every five minutes.'
  }),
  LIQUIDATION_CONTRACTS: setting({
    read: integer(0, 1_000),
    expected: 'contracts from 0 to 1000',
    fallback: 10,
    example: '10',
    about:
      'Contracts of each venue that shows liquidations, the largest by open interest, that are looked at for them; 0: none.'
  }),
  LIQUIDATION_SECONDS: setting({
    read: number(5, 3_600),
    expected: 'seconds from 5 to 3600',
    fallback: 60,
    example: '60',
    about: 'Seconds between two such looks: what newer trades have pushed out between them is not seen.'
  }),
  HISTORY_CALLS_PER_SECOND: setting({
    read: number(0.01, 1_000),
    expected: 'calls per second from 0.01 to 1000',
    fallback: 2,
    example: '2',
    about: 'Calls per second and venue that fetching the past may use; live polls come first.'
  }),
  MAX_DISK_GB: setting<number | null>({
    read: number(0.01, 1_000_000),
    expected: 'gigabytes',
    fallback: null,
    example: '',
    about: 'Gigabytes the database may fill; then storing stops and says so. Unset: no limit.'
  }),
  WEBHOOK_PRIVATE_TARGETS: setting<'refuse' | 'allow'>({
    read: oneOf('refuse', 'allow'),
    expected: 'refuse or allow',
    fallback: 'refuse',
    example: 'refuse',
    about: 'Whether webhooks may go to private addresses and over http.'
  }),
  HOT_DAYS: setting({
    read: integer(1, 60),
    expected: 'whole days from 1 to 60',
    fallback: 2,
    example: '2',
    about:
      'Days before today whose observations stay as rows of their own; older days are sealed into a sixth of the space.'
  }),
  RAW_RETENTION_DAYS: setting<number | null>({
    read: number(40, 36_500),
    expected: 'days from 40 to 36500',
    fallback: null,
    example: '',
    about:
      'Days that observations are kept, by whole months; hours and days of basis and settlements stay. Unset: all are kept.'
  }),
  WEBHOOK_RETENTION_DAYS: setting({
    read: number(1, 3_650),
    expected: 'days from 1 to 3650',
    fallback: 30,
    example: '30',
    about: 'Days that published events, and deliveries that have ended, are kept for listing and replay.'
  }),
  BOOTSTRAP_KEY_FILE: setting<string | null>({
    read: (text) => text,
    expected: 'a file that holds one API key',
    fallback: null,
    example: '',
    about: 'A file with an API key to register at start, for containers.'
  }),
  RATE_LIMIT_PER_MINUTE: setting({
    read: integer(1, 1_000_000),
    expected: 'requests per minute from 1 to 1000000',
    fallback: 1_200,
    example: '1200',
    about: 'Requests a minute that one key, or one address without a key, may make.'
  }),
  MEMORY_LOG_SECONDS: setting({
    read: number(1, 86_400),
    expected: 'seconds from 1 to 86400',
    fallback: 600,
    example: '600',
    about: 'Seconds between log events of what each thread holds in memory.'
  }),
  LOG_LEVEL: setting<(typeof LOG_LEVELS)[number]>({
    read: oneOf(...LOG_LEVELS),
    expected: LOG_LEVELS.join(', '),
    fallback: 'info',
    example: 'info',
    about: 'The least that is logged.'
  })
} as const

/** Every setting of the service, in the order of `.env.example`. */
export const SETTINGS: Readonly<Record<string, Setting<unknown>>> = { ...GENERAL, ...SIGNAL_SETTINGS }

type Values = { readonly [Name in keyof typeof GENERAL]: (typeof GENERAL)[Name]['fallback'] }

/** A venue's one replacement origin, or its origins one by one. */
export type VenueUrls = Readonly<Record<string, string | Readonly<Record<string, string>>>>

/** The settings in domain words. Durations in milliseconds. */
export type Config = {
  readonly databaseUrl: string | null
  readonly dataDir: string
  readonly dataDirIsSet: boolean
  readonly host: string
  readonly port: number
  readonly roles: readonly Role[]
  readonly venues: readonly string[] | null
  readonly venueUrls: VenueUrls
  readonly assets: readonly string[] | null
  readonly instrumentsFile: string | null
  readonly assetCount: number
  readonly pollMs: number
  readonly storeMs: number
  readonly marketsMs: number
  readonly openInterestMs: number
  readonly depth: { readonly contracts: number; readonly everyMs: number }
  readonly flow: { readonly contracts: number; readonly everyMs: number }
  readonly liquidation: { readonly contracts: number; readonly everyMs: number }
  readonly callTimeoutMs: number
  readonly maxResponseBytes: number
  readonly history: { readonly settlementDays: number; readonly basisDays: number; readonly callsPerSecond: number }
  readonly fundingRegime: SignalParameters['fundingRegime']
  readonly bucketParameters: SignalParameters['bucketParameters']
  /** The numbers that these two are made of, by the names of their settings. */
  readonly signalSettings: Readonly<Record<string, number>>
  readonly maxDiskBytes: number | null
  /** Days before today whose rows are not sealed. */
  readonly hotDays: number
  /** Days that observations are kept; null: all. */
  readonly rawDays: number | null
  readonly webhookPrivateTargets: 'refuse' | 'allow'
  readonly webhookRetentionMs: number
  readonly bootstrapKeyFile: string | null
  readonly rateLimitPerMinute: number
  readonly memoryLogMs: number
  readonly logLevel: (typeof LOG_LEVELS)[number]
}

/** Names that begin like ours but are not ours are most likely misspelt, and are refused. */
const OURS =
  /^(CONTANGO|VENUE|ASSET|INSTRUMENTS|POLL|STORE|HISTORY|FUNDING_REGIME|BASIS_DISLOCATION|EXPECTATION|STABLECOIN_DEPEG|INTERVAL_CHANGE|LEVERAGE_BUILDUP|LIQUIDITY_THINNING|CARRY_OPPORTUNITY|WEBHOOK|BOOTSTRAP|MARKETS|OPEN_INTEREST|DEPTH|FLOW|LIQUIDATION|RATE_LIMIT|CALL_TIMEOUT|MAX_DISK|MAX_RESPONSE)(_|S$|S_|$)/

/** Names of other programs that happen to be near ours. */
const ORDINARY = new Set(['DATADIR', 'DATA_DIRS', 'LOG_LEVELS', 'LOGLEVEL'])
/** What `contango listen` reads: no settings of the service, which may run in the same shell. */
const CLIENTS = new Set(['CONTANGO_URL', 'CONTANGO_KEY'])
/** Shorter names of ours are a letter or two from ordinary words. */
const COMPARED_FROM = 6
const LONG_FROM = 9

/** Short names of ours are compared with known slips only: too many ordinary words are a letter away. */
const SLIPS = new Set(['PRT', 'PROT', 'POTR', 'HSOT', 'RLOES'])

/** Whether a name is one edit from one of ours, or two from a long one. */
function isMisspelt(name: string): boolean {
  if (ORDINARY.has(name)) return false
  if (SLIPS.has(name)) return true
  return Object.keys(SETTINGS).some((ours) => {
    const most = ours.length >= LONG_FROM ? 2 : 1
    return (
      ours.length >= COMPARED_FROM &&
      Math.abs(ours.length - name.length) <= most &&
      editsBetween(name, ours, most) <= most
    )
  })
}

/** Reads the settings; throws one error that names every problem, never a secret's value. */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  /** The venues there are; unless given, any name is taken. */
  supportedVenues?: readonly string[]
): Config {
  const problems: InputProblem[] = []
  const read = (entries: Readonly<Record<string, Setting<unknown>>>) =>
    Object.fromEntries(
      Object.entries(entries).map(([name, entry]) => [name, readSetting(name, entry, env[name], problems)])
    )
  const values = read(GENERAL) as Values
  const signals = read(SIGNAL_SETTINGS) as Readonly<Record<string, number>>
  const isSet = (name: string) => env[name] !== undefined && env[name] !== ''
  for (const name of Object.keys(env)) {
    if (!(name in SETTINGS) && !CLIENTS.has(name) && (OURS.test(name) || isMisspelt(name)))
      problems.push({ path: name, message: `unknown setting${nearest(name)}` })
  }
  // What could not be read is named already; what it goes with cannot be judged.
  if (problems.length === 0) problems.push(...signalProblems(signals, isSet))
  if (supportedVenues) problems.push(...unsupportedVenues(values, supportedVenues))
  if (problems.length > 0) throw new InvalidInputError(problems, 'invalid_configuration')
  return Object.freeze({
    ...configOf(values, isSet('DATA_DIR')),
    ...signalParametersOf(signals),
    signalSettings: signals
  })
}

/** A misspelt venue in VENUE_URLS would be asked at its real address, by someone who meant to ask another. */
function unsupportedVenues({ VENUES, VENUE_URLS }: Values, supported: readonly string[]): InputProblem[] {
  const named = { VENUES: VENUES ?? [], VENUE_URLS: Object.keys(VENUE_URLS) }
  return Object.entries(named).flatMap(([path, ids]) => {
    const unknown = ids.filter((id) => !supported.includes(id))
    if (unknown.length === 0) return []
    return [{ path, message: `${unknown.join(', ')} not supported; supported are ${supported.join(', ')}` }]
  })
}

function readSetting(
  name: string,
  entry: Setting<unknown>,
  text: string | undefined,
  problems: InputProblem[]
): unknown {
  if (text === undefined || text === '') return entry.fallback
  const value = entry.read(text)
  if (value === undefined) {
    const was = entry.secret ? `a text of ${text.length} characters` : JSON.stringify(text.slice(0, 80))
    problems.push({ path: name, message: `expected ${entry.expected}; was ${was}` })
    return entry.fallback
  }
  return value
}

function configOf(values: Values, dataDirIsSet: boolean): Omit<Config, keyof SignalParameters | 'signalSettings'> {
  return {
    databaseUrl: values.DATABASE_URL,
    dataDir: values.DATA_DIR,
    dataDirIsSet,
    host: values.HOST,
    port: values.PORT,
    roles: values.ROLES,
    venues: values.VENUES,
    venueUrls: values.VENUE_URLS,
    assets: values.ASSETS,
    instrumentsFile: values.INSTRUMENTS_FILE,
    assetCount: values.ASSET_COUNT,
    pollMs: Math.round(values.POLL_SECONDS * 1_000),
    storeMs: Math.round(values.STORE_SECONDS * 1_000),
    marketsMs: values.MARKETS_SECONDS * 1_000,
    openInterestMs: values.OPEN_INTEREST_SECONDS * 1_000,
    depth: { contracts: values.DEPTH_CONTRACTS, everyMs: values.DEPTH_SECONDS * 1_000 },
    flow: { contracts: values.FLOW_CONTRACTS, everyMs: values.FLOW_SECONDS * 1_000 },
    liquidation: { contracts: values.LIQUIDATION_CONTRACTS, everyMs: values.LIQUIDATION_SECONDS * 1_000 },
    callTimeoutMs: values.CALL_TIMEOUT_SECONDS * 1_000,
    maxResponseBytes: values.MAX_RESPONSE_MB * 1_000_000,
    history: {
      settlementDays: values.HISTORY_SETTLEMENT_DAYS,
      basisDays: values.HISTORY_BASIS_DAYS,
      callsPerSecond: values.HISTORY_CALLS_PER_SECOND
    },
    maxDiskBytes: values.MAX_DISK_GB === null ? null : values.MAX_DISK_GB * 1e9,
    hotDays: values.HOT_DAYS,
    rawDays: values.RAW_RETENTION_DAYS,
    webhookPrivateTargets: values.WEBHOOK_PRIVATE_TARGETS,
    webhookRetentionMs: values.WEBHOOK_RETENTION_DAYS * 86_400_000,
    bootstrapKeyFile: values.BOOTSTRAP_KEY_FILE,
    rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
    memoryLogMs: values.MEMORY_LOG_SECONDS * 1_000,
    logLevel: values.LOG_LEVEL
  }
}

function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? '')
}

function readVenueUrls(text: string): VenueUrls | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const isOrigin = (url: unknown) => typeof url === 'string' && /^https?:$/.test(URL.parse(url)?.protocol ?? '')
  const isMap = (map: unknown): map is Record<string, unknown> =>
    typeof map === 'object' && map !== null && !Array.isArray(map)
  if (!isMap(value)) return undefined
  const isValid = Object.values(value).every(
    (urls) =>
      isOrigin(urls) || (isMap(urls) && Object.entries(urls).every(([from, to]) => isOrigin(from) && isOrigin(to)))
  )
  return isValid ? (value as VenueUrls) : undefined
}

/** ` (did you mean POLL_SECONDS?)` for a name that is near one of ours, or shares its beginning with one. */
function nearest(name: string): string {
  const near = nearestOf(name, Object.keys(SETTINGS))
  if (near !== undefined) return ` (did you mean ${near}?)`
  const shared = (other: string) => {
    let length = 0
    while (length < name.length && name[length] === other[length]) length += 1
    return length
  }
  const best = Object.keys(SETTINGS).sort((a, b) => shared(b) - shared(a))[0]!
  return shared(best) >= 4 ? ` (did you mean ${best}?)` : ''
}

/** `.env.example`: every setting with what it is for and its fallback. */
export function describeSettings(): string {
  const blocks = Object.entries(SETTINGS).map(
    ([name, { about, expected, example }]) => `# ${about}\n# Expected: ${expected}.\n#${name}=${example}`
  )
  return `# Every setting of Contango with its default. Generated from src/config.ts by \`npm run generate\`.\n\n${blocks.join('\n\n')}\n`
}
