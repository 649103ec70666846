import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { printSchema } from 'graphql'
import { pino } from 'pino'
import { buildApi } from '../src/api/app.ts'
import { openapiYaml } from '../src/api/routes/documents.ts'
import { systemClock } from '../src/clock.ts'
import { describeSettings, loadConfig } from '../src/config.ts'
import type { Database } from '../src/store/database.ts'
import { withCapabilityTable } from './capability-table.ts'

// Writes the files that are made from code; with --check, says which of them are not what the code makes now.

const root = new URL('../', import.meta.url)
const isCheck = process.argv.includes('--check')

/** Describing the API asks the database nothing; whatever does, fails here. */
const noDatabase = new Proxy({} as Database, {
  get: (_target, name) => {
    throw new Error(`generating needs no database, yet something used .${String(name)}`)
  }
})

async function describeApi(): Promise<{ openapi: string; graphql: string }> {
  const { app } = await buildApi({
    config: loadConfig({}),
    db: noDatabase,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    kind: 'live'
  })
  const note = '# Generated from src/api and src/contract by `npm run generate`.\n'
  const described = { openapi: note + (await openapiYaml(app)), graphql: note + printSchema(app.graphql.schema) }
  await app.close()
  return described
}

const { openapi, graphql } = await describeApi()
const venues = withCapabilityTable(await readFile(fileURLToPath(new URL('docs/venues.md', root)), 'utf8'))
const files = {
  'openapi.yaml': openapi,
  'schema.graphql': graphql,
  '.env.example': describeSettings(),
  'docs/venues.md': venues
}
const stale: string[] = []
for (const [name, text] of Object.entries(files)) {
  const path = fileURLToPath(new URL(name, root))
  const current = await readFile(path, 'utf8').catch(() => undefined)
  if (current === text) continue
  stale.push(name)
  if (!isCheck) await writeFile(path, text)
}
if (isCheck && stale.length > 0) {
  console.error(`Not what the code makes now: ${stale.join(', ')}. \`npm run generate\` writes them.`)
  process.exitCode = 1
} else {
  console.log(stale.length === 0 ? 'Generated files are up to date.' : `Written: ${stale.join(', ')}.`)
}
