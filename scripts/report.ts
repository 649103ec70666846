import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { takerFeeOf } from '../src/domain/fees.ts'
import { claimsTable, premiumTable, readMoments, signsTable } from './report/claims.ts'
import { type Identities, identityTable, measureIdentity, SELDOM_MS } from './report/identity.ts'
import { openRecorded } from './report/open.ts'
import { measureRealised, realisedTable } from './report/realised.ts'
import { ASSETS, listRecorded, PRICED, PRICED_VENUES } from './report/recorded.ts'
import { measureSpreads, netTable, spreadsTable } from './report/spreads.ts'
import { measureStandings, standingsTable } from './report/standings.ts'
import { writeReport } from './report/write-report.ts'

// `npm run report [-- folder]`: every recorded history through the product's own import and REST API; writes docs/report.md.

const root = fileURLToPath(new URL('../', import.meta.url))
const [folder = join(root, '../shared/data')] = process.argv.slice(2)
const startedAt = performance.now()
const say = (line: string) =>
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(5)} s  ${line}`)

const recorded = listRecorded(join(resolve(folder), 'history'))
const perpetuals = [...new Set(recorded.flatMap(({ kind, instrument }) => (kind === 'funding' ? [instrument] : [])))]
const [linear, inverse] = [(base: string) => `${base}/USDT:USDT`, (base: string) => `${base}/USD:${base}`].map(
  (symbol) => PRICED_VENUES.flatMap((venue) => ASSETS.map((base) => `${venue}:${symbol(base)}`))
) as [string[], string[]]

await using service = await openRecorded(recorded, say)
const { ask, askThen } = service
say('realised funding')
const realised = await measureRealised(ask, perpetuals)
say('standings')
const standings = await measureStandings(ask, askThen, [...linear, ...inverse], PRICED.toMs)
say('spreads')
const spreads = await measureSpreads(ask, undefined, say)
const identities: Identities[] = []
for (const instrument of [...linear, ...inverse]) {
  say(`layer 1 of ${instrument}`)
  const everyMs = inverse.includes(instrument) ? { everyMs: SELDOM_MS } : {}
  identities.push(await measureIdentity(ask, instrument, { ...PRICED, ...everyMs }))
}
say('what the essay says')
const series = new Map<string, Awaited<ReturnType<typeof readMoments>>>()
for (const instrument of linear) series.set(instrument, await readMoments(ask, instrument))
const costOf = (instrument: string) => {
  const venue = instrument.split(':')[0]!
  return 2 * (takerFeeOf(venue, 'spot', 'base').taker + takerFeeOf(venue, 'contract', 'base').taker)
}
const text = writeReport({
  files: new Set(recorded.map(({ file }) => file)).size,
  imports: recorded.length,
  identities,
  tables: {
    realised: realisedTable(realised),
    standings: standingsTable(standings),
    spreads: spreadsTable(spreads),
    net: netTable(spreads),
    identity: identityTable(identities),
    signs: signsTable(series),
    premium: premiumTable(series, costOf),
    claims: claimsTable(series)
  }
})
await writeFile(join(root, 'docs/report.md'), text)
say('docs/report.md is written')
