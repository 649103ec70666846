import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { buildSchema, parse, validate } from 'graphql'
import { exampleQueries } from '../../web/example-queries.ts'
import { boardRow, putOnBoard, testApi } from '../api/fixture.ts'
import { NO_BROWSER, openBrowser } from './browser.ts'

test('the playground runs its first example and follows its last, from this host alone and within the content policy', {
  skip: NO_BROWSER
}, async () => {
  await using api = await testApi({
    seed: (db) => putOnBoard(db, boardRow({ instrument: 'binance:BTC/USDT:USDT', basisBps: 12.3456 }))
  })
  await using browser = await openBrowser()
  await using opened = await browser.open(api.url, '/graphiql')
  const { page } = opened
  await page.getByRole('tab', { name: 'BtcPerpetuals' }).waitFor()
  assert.equal(await page.getByRole('tab').count(), exampleQueries(0).length)
  await page.getByRole('button', { name: /Execute query/ }).click()
  const answer = page.locator('.graphiql-response')
  await answer.getByText('12.3456').waitFor()
  assert.match(await answer.innerText(), /binance:BTC\/USDT:USDT/)
  const workers = opened.requests.filter((url) => /worker-[\w-]+\.js$/.test(url))
  assert.ok(workers.length >= 1, 'the editor’s workers are files of ours')
  await page.getByRole('tab', { name: 'FollowBtc' }).click()
  await page.getByRole('button', { name: /Execute query/ }).click()
  await answer.getByText('basisUpdated').waitFor()
  await putOnBoard(api.db, boardRow({ instrument: 'binance:BTC/USDT:USDT', basisBps: 7.6543 }))
  api.clock.advance(1_000)
  await answer.getByText('7.6543').waitFor()
  await page.getByRole('button', { name: /Stop query/ }).click()
  // At once, while the editor still names the operation of the tab before.
  await page.getByRole('tab', { name: 'HighestFunding' }).click()
  await page.getByRole('button', { name: /Execute query/ }).click()
  await answer.getByText('fundingIntervalSource').first().waitFor()
  opened.assertSound()
})

test('nothing can be run before the editors are there that it would be lost without', {
  skip: NO_BROWSER
}, async () => {
  await using api = await testApi()
  await using browser = await openBrowser()
  await using opened = await browser.open(api.url, '/docs')
  const { page } = opened
  const arrival = Promise.withResolvers<void>()
  await page.route('**/assets/monaco-editor-*.js', async (route) => {
    await arrival.promise
    await route.continue()
  })
  await page.goto(`${api.url}/graphiql`)
  await page.getByRole('tab', { name: 'BtcPerpetuals' }).waitFor()
  const run = page.getByRole('button', { name: /Execute query/ })
  assert.equal(await run.count(), 0)
  arrival.resolve()
  await run.click()
  await page.locator('.graphiql-response').getByText('"data"').waitFor()
})

test('every example is a question that the schema allows', async () => {
  const schema = buildSchema(await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8'))
  const problems = exampleQueries(Date.now()).flatMap((query) => validate(schema, parse(query)))
  assert.deepEqual(problems, [])
})
