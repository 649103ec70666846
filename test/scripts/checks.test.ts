import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkDocPaths } from '../../scripts/check-doc-paths.ts'
import { checkImports, cyclesIn } from '../../scripts/check-imports.ts'
import { checkLock, isOlder } from '../../scripts/check-lock.ts'
import { checkMigrations } from '../../scripts/check-migrations.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A repository of these files, and what a check says about it. */
async function inRepository<T>(files: Record<string, string>, check: (root: string) => T): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'contango-checks-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true })
      await writeFile(join(root, name), text)
    }
    return check(root)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

const TSCONFIG = {
  'tsconfig.json':
    '{"compilerOptions":{"noLib":true,"types":[],"allowImportingTsExtensions":true,"noEmit":true},"include":["src"]}'
}
const EMPTY = 'export {}\n'
const TARGETS = Object.fromEntries(
  [
    'domain/a',
    'contract/a',
    'venues/a',
    'store/a',
    'jobs/a',
    'api/a',
    'sim/a',
    'cli/a',
    'app',
    'clock',
    'config',
    'errors',
    'log'
  ].map((name) => [`src/${name}.ts`, EMPTY])
)

// As long as the one whose length is excused: an excuse that nobody needs is a problem of its own.
TARGETS['src/config.ts'] = '//\n'.repeat(251)

for (const [file, text, problem] of [
  [
    'src/api/x.ts',
    "import '../venues/a.ts'",
    'src/api/x.ts:1 imports src/venues/a.ts: api may import domain, contract, store, webhooks, formats (see ARCHITECTURE.md)'
  ],
  ['src/api/x.ts', "import type { A } from '../jobs/a.ts'", /src\/jobs\/a\.ts: api may import/],
  ['src/jobs/x.ts', "export { a } from '../api/a.ts'", /jobs may import domain, contract, venues, store, webhooks/],
  ['src/store/x.ts', "const a = await import('../venues/a.ts')", /store may import domain/],
  ['src/venues/x.ts', "export type A = import('../store/a.ts').A", /venues may import domain/],
  ['src/domain/x.ts', "import '../errors.ts'", /domain may import nothing/],
  ['src/domain/x.ts', "import 'node:crypto'", /domain is pure/],
  ['src/domain/x.ts', "import 'ml-matrix'", /domain is pure/],
  ['src/store/x.ts', "import 'ml-matrix'", /belongs to src\/domain\/ridge.ts alone/],
  ['src/sim/x.ts', "import '../cli/a.ts'", /sim may import domain/],
  ['src/cli/x.ts', "import '../sim/a.ts'", /src\/sim\/a\.ts: cli may import/],
  ['src/cli/x.ts', "import '../app.ts'", /src\/app\.ts: cli may import/],
  ['src/jobs/x.ts', "import { loadConfig } from '../config.ts'", /only types of config\.ts/],
  ['src/jobs/x.ts', "import { type Config } from '../config.ts'", /only types of config\.ts/],
  ['src/api/x.ts', "import 'pg'", /imports pg: it belongs to src\/store\/ alone/],
  ['src/api/x.ts', "import '@prisma/client/sql'", /belongs to src\/store\//],
  ['src/jobs/x.ts', "import.meta.resolve('ccxt')", /imports ccxt: it belongs to src\/venues\/ alone/],
  ['src/api/x.ts', "import 'lodash'", /nobody owns it yet/],
  ['src/api/x.ts', "import '../store/gone.ts'", /which is not there/],
  ['src/new/x.ts', "import '../domain/a.ts'", /the folder new is not in/],
  ['src/api/x.ts', 'export const a = process.env', /uses process\.env/],
  ['src/api/x.ts', "import { env } from 'node:process'", /environment is read in config\.ts only/],
  ['src/jobs/x.ts', 'export const a = () => Date.now()', /uses Date\.now/],
  ['src/jobs/x.ts', 'export const a = new Date()', /uses new Date\(\)/],
  ['src/jobs/x.ts', 'setInterval(() => {}, 5)', /uses setInterval/],
  ['src/venues/x.ts', 'setTimeout(() => {}, 5)', /uses setTimeout/],
  ['src/sim/x.ts', 'export const a = Math.random()', /uses Math\.random/],
  ['src/api/x.ts', '//\n'.repeat(250), /has 251 lines/],
  ['src/api/x.ts', `export function a() {\n${'//\n'.repeat(70)}}`, /function of 72 lines/]
] as const) {
  test(`${file} with ${JSON.stringify(text.slice(0, 60))} is refused`, async () => {
    const problems = await inRepository({ ...TSCONFIG, ...TARGETS, [file]: `${text}\n` }, checkImports)
    const [found] = problems
    assert.equal(problems.length, 1, problems.join('\n'))
    if (typeof problem === 'string') assert.equal(found, problem)
    else assert.match(found!, problem)
  })
}

test('what the table allows passes, words in comments and texts are not imports, a date with an argument is no clock', async () => {
  const files = {
    'src/api/x.ts':
      "import '../contract/a.ts'\nimport '../store/a.ts'\nimport 'fastify'\nimport '@fastify/helmet'\nimport 'node:zlib'\n",
    'src/jobs/x.ts':
      "import type { C } from '../config.ts'\nimport '../clock.ts'\nimport '../errors.ts'\nexport const a = new Date(5)\n",
    'src/domain/x.ts': "// import '../store/a.ts'\nexport const a = \"import '../api/a.ts'; process.env\"\n",
    'src/cli/serve.ts': "import '../app.ts'\nimport '../sim/a.ts'\nimport '../config.ts'\n",
    'src/app.ts': "import './api/a.ts'\nimport './sim/a.ts'\n",
    'src/clock.ts': 'export const now = () => Date.now()\nsetTimeout(now, 5)\n',
    'src/store/x.ts': "import './generated/client.ts'\n"
  }
  assert.deepEqual(await inRepository({ ...TSCONFIG, ...TARGETS, ...files }, checkImports), [])
})

test('a table that goes in a circle is refused', () => {
  assert.deepEqual(cyclesIn({ a: ['b'], b: ['c'], c: [] }), [])
  assert.deepEqual(cyclesIn({ a: ['b'], b: ['c'], c: ['b'] }), ['the import table goes in a circle: a → b → c → b'])
})

test('a document that names what is not there is refused, by line', async () => {
  const files = {
    'package.json': '{"scripts":{"demo":"","verify":""}}',
    'src/jobs/collect.ts': EMPTY,
    'docs/venues.md': 'See [the table](../README.md#x) and [nothing](gone.md).\n',
    'README.md': [
      '`src/jobs/collect.ts`, `src/jobs/collect.ts:12`, `collect.ts`, `src/jobs/`, `src/**/*.ts`, `.env`, `package.json`',
      '`src/jobs/gone.ts` and `gone.ts`',
      '    node test/gone.ts',
      '`npm run verify`, `npm run -s demo`',
      '`npm run bench`',
      '`.ts`, `@prisma/adapter-pg`, `GET /v1/basis`, `basis.mid`, `docs/<venue>.md`, [web](https://example.org/a.md)'
    ].join('\n')
  }
  assert.deepEqual(await inRepository(files, checkDocPaths), [
    'README.md:2 names src/jobs/gone.ts, which is not there',
    'README.md:2 names gone.ts, which is not there',
    'README.md:3 names test/gone.ts, which is not there',
    'README.md:5 names npm run bench, which package.json does not have',
    'docs/venues.md:1 names gone.md, which is not there'
  ])
})

test('a lock file with an address, without a hash, or with a package that is too old is refused', async () => {
  const packages = {
    '': { name: 'us' },
    'node_modules/good': { version: '1.0.0', integrity: 'sha512-x' },
    'node_modules/bare': { version: '1.0.0' },
    'node_modules/there': { version: '1.0.0', integrity: 'sha512-x', resolved: 'https://registry.example/there.tgz' },
    'node_modules/good/node_modules/fastify': { version: '5.8.4', integrity: 'sha512-x' }
  }
  const problems = await inRepository({ 'package-lock.json': JSON.stringify({ packages }) }, checkLock)
  assert.deepEqual(
    problems.map((problem) => problem.replace('package-lock.json: node_modules/', '')),
    [
      'bare has no sha512 integrity',
      'there names an address (resolved); npm finds it by name, so delete that line',
      'good/node_modules/fastify is 5.8.4; expected 5.8.5 or later'
    ]
  )
  assert.deepEqual(
    [
      isOlder('5.8.5', '5.8.5'),
      isOlder('5.10.0', '5.8.5'),
      isOlder('4.99.9', '5.8.5'),
      isOlder('16.10.1-rc.1', '16.10.1')
    ],
    [false, false, true, false]
  )
})

test('this repository’s own documents and lock file are in order', () => {
  assert.deepEqual([...checkDocPaths(ROOT), ...checkLock(ROOT)], [])
})

test('two migrations of one time are refused, but for the two that databases have by those names', async () => {
  const folders = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [`prisma/migrations/${name}/migration.sql`, 'select 1']))
  const kept = ['20261130150000_funding_standing', '20261130150000_gaps_judged_anew', '20261130151000_signal_outcome']
  assert.deepEqual(await inRepository(folders(...kept), checkMigrations), [])
  const clash = await inRepository(folders(...kept, '20261130151000_more', '1_first'), checkMigrations)
  assert.equal(clash.length, 2)
  assert.match(clash.join('\n'), /1_first: expected a time.*\n.*20261130151000_more and 20261130151000_signal_outcome/)
  assert.equal((await inRepository(folders(...kept, '20261130150000_third'), checkMigrations)).length, 1)
})
