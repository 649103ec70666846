// Prepares a fresh clone: dependencies, then Prisma's client, then the pages. Plain JavaScript, because it runs on the
// machine's own Node (20 or later) before anything is installed. A second run does nothing.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const path = (name) => join(root, name)
const modifiedMs = (name) => (existsSync(path(name)) ? statSync(path(name)).mtimeMs : 0)
const isNewer = (made, ...sources) => sources.every((source) => modifiedMs(made) >= modifiedMs(source))

const major = Number(process.versions.node.split('.')[0])
if (major < 20) stop(`Contango needs Node 20 or later, this is ${process.version}.`)

if (!isNewer('node_modules/.package-lock.json', 'package-lock.json')) {
  say('installing dependencies (once) …')
  // npm's prefix and workspace settings of the outer `npm run` must not leak into this install.
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
}
if (!isNewer('src/store/generated/client.ts', 'prisma/schema.prisma', 'node_modules/.package-lock.json')) {
  say('generating the database client …')
  // `prisma generate` insists on a schema engine binary that it then does not use; any existing file satisfies it.
  run(process.execPath, [path('node_modules/prisma/build/index.js'), 'generate', '--no-hints'], {
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath
  })
}
// Where only what runs is installed, the pages were built before, or there are none.
const isForBuild = process.argv.includes('--without-pages')
if (!isForBuild && existsSync(path('node_modules/vite')) && !isNewer('web/dist/index.html', ...pageSources())) {
  say('building the pages …')
  const ours = path(`node_modules/node/bin/node${process.platform === 'win32' ? '.exe' : ''}`)
  run(existsSync(ours) ? ours : process.execPath, [path('scripts/build-pages.ts')])
}

/** The files that the pages were made of, as the last build listed them. */
function pageSources() {
  const list = path('web/dist/sources.json')
  const listed = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : []
  return [...listed, 'web/vite.config.ts', 'scripts/build-pages.ts', 'node_modules/.package-lock.json']
}

function run(command, args, env = {}) {
  const quiet = process.env.npm_config_loglevel === 'silent'
  const outcome = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    // Standard output belongs to the command that follows; set-up speaks on standard error.
    stdio: ['ignore', quiet ? 'ignore' : 2, 2],
    shell: process.platform === 'win32'
  })
  if (outcome.status !== 0) stop(`"${command} ${args.slice(0, 2).join(' ')}" failed; the reason is above.`)
}

function say(text) {
  process.stderr.write(`contango: ${text}\n`)
}

function stop(text) {
  say(text)
  process.exit(1)
}
