import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bundlesOf, writeBundles } from '../../scripts/test-bundles.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

test('every test file is in one bundle, and those of the demo and of instances are far apart', () => {
  const files = globSync('test/**/*.test.ts', { cwd: ROOT })
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
  const bundles = bundlesOf(files)
  assert.deepEqual(bundles.flat().sort(), files)
  const placeOf = (file: string) => bundles.findIndex((bundle) => bundle.includes(file))
  assert.equal(placeOf('test/service/demo.test.ts'), 0)
  assert.ok(placeOf('test/service/instances.test.ts') > 8)
})

test('a file that cannot be loaded is a failed test of its name, and the others of its bundle run', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'contango-bundles-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const fileOf = async (name: string, text: string) => writeFile(join(folder, name), text)
  await fileOf('broken.test.mjs', "import { gone } from 'node:test'\n")
  await fileOf('failing.test.mjs', "import { test } from 'node:test'\ntest('fails', () => { throw new Error('so') })\n")
  await fileOf('fine.test.mjs', "import { test } from 'node:test'\ntest('is fine', () => {})\n")
  const modules = await writeBundles(folder, folder, [['broken.test.mjs', 'failing.test.mjs', 'fine.test.mjs']])
  const report = await tapOf(modules)
  assert.match(report, /^not ok \d+ - broken\.test\.mjs can be loaded$/m)
  assert.match(report, /^not ok \d+ - fails\n[\s\S]+location: .+failing\.test\.mjs:2:1/m)
  assert.match(report, /^ok \d+ - is fine$/m)
  assert.match(report, /^# pass 1\n# fail 2$/m)
})

/** What node says of these modules when it is the one that runs them. */
function tapOf(modules: readonly string[]): Promise<string> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  return new Promise((resolve) => {
    execFile(process.execPath, ['--test', '--test-reporter=tap', ...modules], { env }, (_error, stdout) =>
      resolve(stdout)
    )
  })
}
