import { isatty } from 'node:tty'
import closeWithGrace from 'close-with-grace'
import { startService } from '../app.ts'
import { type Clock, sleep, systemClock } from '../clock.ts'
import { type Config, loadConfig } from '../config.ts'
import { messageOf } from '../errors.ts'
import { createLog, type Log } from '../log.ts'
import type { Sim } from '../sim/server.ts'
import { createKey } from '../store/keys.ts'
import { ADAPTERS } from '../venues/registry.ts'
import { type Run, refuseArguments } from './run.ts'

/** Everything must be down this long after the first signal. */
const STOP_WITHIN_MS = 9_500
/** The demo's own folder, so that it never meets live data. */
const DEMO_FOLDER = '.data/demo'
/** The simulator is ours: its past may be fetched as fast as it answers. */
const DEMO_CALLS_PER_SECOND = 500

const VENUES = ADAPTERS.map(({ id }) => id)

/** `npm start`: the service against the live exchanges. */
export const runStart: Run = async (args, env) => {
  refuseArguments('start', args)
  const config = loadConfig(env, VENUES)
  const log = createLog(config, 'contango')
  const startedAt = performance.now()
  const service = await startService({ config, log, kind: 'live' })
  log.info(
    {
      address: service.api?.address,
      roles: config.roles,
      database: service.store.db.address,
      ms: Math.round(performance.now() - startedAt)
    },
    'service.started'
  )
  if (service.store.note) log.warn({ note: service.store.note }, 'database.note')
  return await untilStopped(log, () => service.close())
}

/** `npm run demo`: the whole service on this machine against simulated exchanges. */
export const runDemo: Run = async (args, env) => {
  refuseArguments('demo', args)
  const configured = loadConfig(env, VENUES)
  const { DEFAULT_SEED, startSim } = await import('../sim/server.ts')
  const sim = await startSim({ seed: DEFAULT_SEED, clock: systemClock })
  // On a terminal the addresses should stay in sight; where logs are kept, every event is.
  const config = demoConfig(configured, sim, env.LOG_LEVEL || !isatty(1) ? configured.logLevel : 'warn')
  const log = createLog(config, 'contango')
  say(
    `Starting Contango with simulated exchanges; its data is in ${config.databaseUrl === null ? config.dataDir : 'the database of DATABASE_URL'} …`
  )
  let demoKey = ''
  const service = await startService({
    config,
    log,
    kind: 'simulated',
    prepare: async ({ db }) => {
      const created = await createKey(db, {
        name: `demo ${new Date(systemClock.now()).toISOString()}`,
        scopes: ['read', 'webhooks', 'admin']
      })
      demoKey = created.secret
    }
  }).catch(async (error: unknown) => {
    await sim.close()
    throw error
  })
  const stopping = new AbortController()
  if (service.api) void announce(service.api.address, demoKey, service.store.note, stopping.signal)
  return await untilStopped(log, async () => {
    stopping.abort()
    await service.close()
    await sim.close()
  })
}

function demoConfig(config: Config, sim: Sim, logLevel: Config['logLevel']): Config {
  return {
    ...config,
    dataDir: config.dataDirIsSet ? config.dataDir : DEMO_FOLDER,
    venueUrls: { ...sim.urls, ...config.venueUrls },
    logLevel,
    webhookPrivateTargets: 'allow',
    history: { ...config.history, callsPerSecond: Math.max(config.history.callsPerSecond, DEMO_CALLS_PER_SECOND) }
  }
}

/** Says where everything is as soon as it can answer, with a first question and its answer. */
async function announce(
  address: string,
  key: string,
  note: string | undefined,
  signal: AbortSignal,
  clock: Clock = systemClock
): Promise<void> {
  const startedAt = clock.now()
  while (!signal.aborted) {
    const isReady = await fetch(`${address}/readyz`, { signal }).then(
      (answer) => answer.ok,
      () => false
    )
    if (isReady) break
    await sleep(250, signal)
  }
  if (signal.aborted) return
  const question = `${address}/v1/basis?asset=BTC&kind=perpetual&quote=USDT&limit=1`
  const answer = await fetch(question, { signal }).then((response) => response.json(), messageOf)
  say(
    [
      '',
      `Contango is up (${((clock.now() - startedAt) / 1_000).toFixed(1)} s after it began to listen).`,
      '',
      `  first page    ${address}/`,
      `  playground    ${address}/graphiql`,
      `  API docs      ${address}/docs`,
      `  OpenAPI       ${address}/openapi.yaml`,
      `  API key       ${key}   (shown once; reading from this machine needs none)`,
      ...(note ? ['', `  ${note}`] : []),
      '',
      'A first question:',
      '',
      `  curl -s '${question}'`,
      '',
      JSON.stringify(answer, null, 2),
      '',
      'The past is being fetched from the simulated exchanges, largest contracts first. Stop with Ctrl-C.'
    ].join('\n')
  )
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Waits for a signal, then closes; a second signal, or taking too long, ends the process at once. */
function untilStopped(log: Log, close: () => Promise<void>): Promise<number> {
  return new Promise(() => {
    closeWithGrace({ delay: STOP_WITHIN_MS, logger: false }, async ({ signal, err }) => {
      if (err) log.fatal({ message: messageOf(err), stack: err.stack }, 'service.crashed')
      log.info({ signal }, 'service.stopping')
      await close()
      log.info('service.stopped')
    })
  })
}
