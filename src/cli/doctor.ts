import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import { shortagesOf, shortageWords } from '../domain/signal-supply.ts'
import { messageOf } from '../errors.ts'
import { readInstrumentsFile } from '../imports/instruments-file.ts'
import { refuseHalfRestored } from '../store/backup/backup.ts'
import { type Database, openDatabase } from '../store/database.ts'
import {
  type Growth,
  proveServer,
  readGrowth,
  readSchemaState,
  readServer,
  readServerClock,
  type ServerFacts
} from '../store/diagnosis.ts'
import { describeEmbedded, type Embedded, openEmbedded } from '../store/embedded/embedded.ts'
import { type Probe, probeVenue } from '../venues/probe.ts'
import { ADAPTERS } from '../venues/registry.ts'
import { findFreeBytes, sizeInWords } from './disk-forecast.ts'
import { diskFindings } from './doctor-disk.ts'
import { settingsInForce } from './settings-in-force.ts'

export type DoctorOptions = {
  readonly config: Config
  readonly clock: Clock
  /** One line of output. */
  readonly write: (line: string) => void
  readonly json: boolean
}

type Verdict = 'ok' | 'warn' | 'FAIL'
/** What one check found, and what to do about it where something is to be done. */
export type Finding = {
  readonly check: string
  readonly verdict: Verdict
  readonly words: string
  readonly remedy?: string
}
type Report = (verdict: Verdict, check: string, words: string, remedy?: string) => void

/** A venue that does not answer this quickly is slow enough to be told. */
const PROBE_TIMEOUT_MS = 4_000
/** Beyond the first, ages and skews of quotes mislead; beyond the second, grades are wrong. */
const CLOCK_WARN_MS = 1_000
const CLOCK_FAIL_MS = 30_000

/** Looks at everything the service stands on and says what is wrong, in plain words. Answers the exit code: 1 when something fails. */
export async function runDoctor({ config, clock, write, json }: DoctorOptions): Promise<number> {
  const findings: Finding[] = []
  const report: Report = (verdict, check, words, remedy) => {
    const finding = { check, verdict, words, ...(remedy === undefined ? {} : { remedy }) }
    findings.push(finding)
    if (!json) write(lineOf(finding))
  }
  const probing = probeVenues(config, clock)
  reportSettings(config, report)
  await examineInstrumentsFile(config, report)
  await examineDatabase(config, clock, report)
  reportVenues(await probing, report)
  const failed = findings.filter(({ verdict }) => verdict === 'FAIL').length
  const warned = findings.filter(({ verdict }) => verdict === 'warn').length
  if (json) write(JSON.stringify({ isWell: failed === 0, failed, warned, findings }))
  else write(failed + warned === 0 ? 'All is well.' : `${failed} to repair, ${warned} to know about.`)
  return failed === 0 ? 0 : 1
}

const lineOf = ({ check, verdict, words, remedy }: Finding) =>
  `${verdict.padEnd(4)}  ${check.padEnd(14)} ${words}${remedy === undefined ? '' : `\n      ${''.padEnd(14)} → ${remedy}`}`

async function examineInstrumentsFile({ instrumentsFile }: Config, report: Report): Promise<void> {
  if (instrumentsFile === null) return
  try {
    const overrides = await readInstrumentsFile(instrumentsFile)
    report('ok', 'instruments', `${overrides.length} instruments in ${instrumentsFile}`)
  } catch (error) {
    report('FAIL', 'instruments', messageOf(error), 'Mend the file: the service does not start with it.')
  }
}

function reportSettings(config: Config, report: Report): void {
  const settings = settingsInForce(config)
  report('ok', 'configuration', settings.length === 0 ? 'every setting at its default' : settings.join('  '))
  for (const shortage of shortagesOf(config)) report('warn', 'signals', shortageWords(shortage))
  const known = ADAPTERS.map(({ id }) => id)
  const unknown = config.venues?.filter((id) => !known.includes(id)) ?? []
  if (unknown.length > 0) {
    report('FAIL', 'configuration', `VENUES names ${unknown.join(', ')}`, `supported are ${known.join(', ')}`)
  }
}

const silent = { info() {}, warn() {} }

async function examineDatabase(config: Config, clock: Clock, report: Report): Promise<void> {
  let embedded: Embedded | undefined
  try {
    const before = config.databaseUrl === null ? await describeEmbedded(config.dataDir) : undefined
    if (config.databaseUrl === null) await refuseHalfRestored(config.dataDir)
    if (config.databaseUrl === null) embedded = await openEmbedded({ dataDir: config.dataDir, log: silent })
    const place = placeOf(config, embedded, before?.running ?? false)
    await using db = openDatabase({
      url: config.databaseUrl ?? embedded!.url,
      poolSize: 2,
      applicationName: 'contango doctor'
    })
    const server = await readServer(db)
    report('ok', 'database', `PostgreSQL ${server.version}, ${place}, ${sizeInWords(server.sizeBytes)}`)
    if (embedded?.note) report('ok', 'database', embedded.note)
    if (await examineServer(db, server, report)) await examineSchema(db, report)
    await compareClock(db, clock, report)
    await examineDisk(config, db, clock, server, report)
  } catch (error) {
    report('FAIL', 'database', messageOf(error))
  } finally {
    await embedded?.release()
  }
}

function placeOf(config: Config, embedded: Embedded | undefined, wasRunning: boolean): string {
  if (embedded === undefined) return 'reached through DATABASE_URL'
  const how = wasRunning ? 'already running' : 'started for this check and stopped after it'
  return `our own in ${config.dataDir} (${how})`
}

async function examineServer(db: Database, { timeZone, encoding }: ServerFacts, report: Report): Promise<boolean> {
  try {
    await proveServer(db)
    report('ok', 'time zone', `${timeZone}, encoding ${encoding}, version and rights as needed`)
    return true
  } catch (error) {
    report('FAIL', 'time zone', messageOf(error))
    return false
  }
}

async function examineSchema(db: Database, report: Report): Promise<void> {
  try {
    const { applied, pending, kind } = await readSchemaState(db)
    const data = kind === null ? 'not stamped yet' : `holds ${kind} data`
    if (pending.length === 0) report('ok', 'schema', `up to date (${migrations(applied)}), tables as expected, ${data}`)
    else if (applied === 0)
      report('ok', 'schema', `new and empty; the first start applies ${migrations(pending.length)}`)
    else {
      const remedy = 'the next start applies them, or: npm run -s contango -- migrate'
      report('warn', 'schema', `${migrations(pending.length)} pending: ${pending.join(', ')}`, remedy)
    }
  } catch (error) {
    report('FAIL', 'schema', messageOf(error))
  }
}

const migrations = (count: number) => `${count} ${count === 1 ? 'migration' : 'migrations'}`

async function compareClock(db: Database, clock: Clock, report: Report): Promise<void> {
  const before = clock.now()
  const theirs = await readServerClock(db)
  reportClock('the database’s', theirs - (before + clock.now()) / 2, report)
}

/** `aheadMs`: their clock minus ours. */
function reportClock(whose: string, aheadMs: number, report: Report): void {
  const seconds = Math.abs(aheadMs / 1_000)
  const words = `ours is ${seconds.toFixed(2)} s ${aheadMs > 0 ? 'behind' : 'ahead of'} ${whose}`
  const remedy =
    'let both machines take their time from NTP (timedatectl, chronyd): ages and skews are measured with it'
  if (seconds * 1_000 < CLOCK_WARN_MS) report('ok', 'clock', words)
  else report(seconds * 1_000 < CLOCK_FAIL_MS ? 'warn' : 'FAIL', 'clock', words, remedy)
}

const NOTHING_GROWS: Growth = { spots: 0, perpetuals: 0, futures: 0, bytesPerRow: null, isSealed: false }

async function examineDisk(
  config: Config,
  db: Database,
  clock: Clock,
  server: ServerFacts,
  report: Report
): Promise<void> {
  // Tables that are not there yet hold nothing.
  const growth: Growth = await readGrowth(db).catch(() => NOTHING_GROWS)
  const dataPath = config.databaseUrl === null ? (await describeEmbedded(config.dataDir))?.dataPath : undefined
  const freeBytes = dataPath === undefined ? null : await findFreeBytes(dataPath)
  const room = {
    growth,
    storeMs: Math.max(config.storeMs, config.pollMs),
    expectedAssets: config.assets?.length ?? config.assetCount,
    venueCount: config.venues?.length ?? ADAPTERS.length,
    sizeBytes: server.sizeBytes,
    freeBytes,
    maxBytes: config.maxDiskBytes,
    hotDays: config.hotDays,
    rawDays: config.rawDays
  }
  for (const { verdict, words, remedy } of diskFindings(room, clock.now())) report(verdict, 'disk', words, remedy)
}

type VenueProbes = { readonly venue: string; readonly probes: readonly Probe[] }

async function probeVenues(config: Config, clock: Clock): Promise<VenueProbes[]> {
  const adapters = ADAPTERS.filter(({ id }) => config.venues === null || config.venues.includes(id))
  const timeoutMs = Math.min(PROBE_TIMEOUT_MS, config.callTimeoutMs)
  return await Promise.all(
    adapters.map(async ({ id }) => ({
      venue: id,
      probes: await probeVenue(id, { clock, urls: config.venueUrls[id], timeoutMs })
    }))
  )
}

function reportVenues(venues: readonly VenueProbes[], report: Report): void {
  for (const { venue, probes } of venues) {
    const remedy = 'the rest works without it; a mirror or proxy goes into VENUE_URLS, or leave it out of VENUES'
    const missed = Map.groupBy(
      probes.filter(({ isReachable }) => !isReachable),
      ({ words }) => words
    )
    for (const [words, origins] of missed) {
      report('warn', venue, `${origins.map(({ origin }) => origin).join(', ')}: ${words}`, remedy)
    }
    const reached = probes.filter(({ isReachable }) => isReachable)
    if (reached.length > 0) {
      report('ok', venue, `reachable: ${reached.map(({ origin, ms }) => `${origin} in ${ms} ms`).join(', ')}`)
    }
    const [best] = reached.toSorted((a, b) => a.ms - b.ms)
    // Half of the way there and back is how much we cannot tell.
    if (best?.clockAheadMs != null && Math.abs(best.clockAheadMs) > best.ms / 2) {
      reportClock(`${venue}’s`, best.clockAheadMs, report)
    }
  }
}
