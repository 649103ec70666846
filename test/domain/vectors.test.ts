import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runVectors } from '../../src/cli/vectors.ts'

const GOLDEN = fileURLToPath(new URL('../../../shared/vectors/golden-vectors.public.json', import.meta.url))
const OWED = /^(ok|FAIL) \d+-/

async function run(document: unknown): Promise<{ code: number; lines: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'vectors-'))
  const file = join(folder, 'vectors.json')
  const lines: string[] = []
  try {
    await writeFile(file, typeof document === 'string' ? document : JSON.stringify(document))
    return { code: await runVectors(file, (line) => lines.push(line)), lines }
  } finally {
    await rm(folder, { recursive: true })
  }
}

const percentile = (id: string, expected: unknown) => ({
  id,
  fn: 'stats.midrankPercentile',
  input: { x: '1', history: ['0', '1'] },
  expected
})

test('every golden vector of the families built so far passes', {
  skip: existsSync(GOLDEN) ? false : 'golden vectors are not here'
}, async () => {
  const lines: string[] = []
  await runVectors(GOLDEN, (line) => lines.push(line))
  const owed = lines.filter((line) => OWED.test(line))
  assert.ok(owed.length >= 40, `only ${owed.length} vectors found`)
  assert.deepEqual(
    owed.filter((line) => !line.startsWith('ok ')),
    []
  )
})

test('every top-level array is a group, and the exit code says whether all passed', async () => {
  const good = await run({
    meta: {},
    public: [percentile('a', { percentile: 75 })],
    hidden: [percentile('b', { percentile: 75 })]
  })
  assert.deepEqual(good, { code: 0, lines: ['ok a', 'ok b', '2 passed, 0 failed'] })
})

test('a wrong answer, a missing key and an unknown function fail by name', async () => {
  const vectors = [
    percentile('a', { percentile: 74 }),
    percentile('b', { rank: 1 }),
    { id: 'c', fn: 'no.such', input: {}, expected: {} }
  ]
  assert.deepEqual(await run({ all: vectors }), {
    code: 1,
    lines: [
      'FAIL a: expected {"percentile":74} got {"percentile":75}',
      'FAIL b: expected {"rank":1} got {"percentile":75}',
      'FAIL c: no function no.such',
      '0 passed, 3 failed'
    ]
  })
})

test('null asks for a refusal and is not met by a number, nor a number by null', async () => {
  const empty = { ...percentile('a', { percentile: null }), input: { x: '1', history: [] } }
  assert.equal((await run({ all: [empty] })).code, 0)
  assert.equal((await run({ all: [percentile('a', { percentile: null })] })).code, 1)
  assert.equal((await run({ all: [{ ...empty, expected: { percentile: 0 } }] })).code, 1)
})

test('a vector is held to its own tolerance', async () => {
  const off = percentile('a', { percentile: 75.5 })
  assert.equal((await run({ all: [{ ...off, tolerance: { rel: 0, abs: 0.5 } }] })).code, 0)
  assert.equal((await run({ all: [{ ...off, tolerance: { rel: 0, abs: 0.4 } }] })).code, 1)
})

test('a function that cannot read its input fails that vector and not the run', async () => {
  const bad = { id: 'a', fn: 'premium.average', input: { premiums: [], scheme: 'cubic' }, expected: { average: 0 } }
  const { code, lines } = await run({ all: [bad, percentile('b', { percentile: 75 })] })
  assert.equal(code, 1)
  assert.match(lines[0]!, /^FAIL a: expected .* got an error: expected one of linear, arithmetic/)
  assert.deepEqual(lines.slice(1), ['ok b', '1 passed, 1 failed'])
})

test('a file that is no vector file, or has no vectors, is an error', async () => {
  for (const document of ['not json', [], { meta: {} }, { all: [] }]) assert.equal((await run(document)).code, 1)
  assert.equal(await runVectors('/nonexistent/vectors.json', () => {}), 1)
})
