import { readFileSync } from 'node:fs'
import { openDatabase } from '../../src/store/database.ts'
import { DAYS, keepAt, type Price, START, storePrices } from './keeping.ts'

// A process to be killed: stores prices a few at a time and keeps history between, later and later, until it is done.
const [url, file, from] = process.argv.slice(2) as [string, string, string]
const prices = JSON.parse(readFileSync(file, 'utf8')) as Price[]
const db = openDatabase({ url, poolSize: 2, applicationName: 'contango keeping-test' })
const BATCH = 40
process.stdout.write('ready\n')
for (let at = Number(from); at < prices.length; at += BATCH) {
  await storePrices(db, prices.slice(at, at + BATCH))
  await keepAt(db, START + (2 + (at / prices.length) * DAYS) * 86_400_000)
  process.stdout.write(`${at + BATCH}\n`)
}
await db.close()
