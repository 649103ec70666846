import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { addPages } from '../../src/api/pages.ts'
import { testApi } from './fixture.ts'

test('pages are asked for each time, their files once, packed as the browser likes', async () => {
  await using api = await testApi()
  for (const path of ['/', '/graphiql']) {
    const page = await fetch(`${api.url}${path}`)
    assert.equal(page.status, 200)
    assert.equal(page.headers.get('cache-control'), 'no-cache')
    const html = await page.text()
    assert.doesNotMatch(html, /<script(?![^>]* src=)|https?:\/\//, 'no inline script, no other host')
    const [, script] = /src="(\/assets\/[^"]+\.js)"/.exec(html) ?? []
    for (const encoding of ['br', 'gzip', 'identity']) {
      const file = await fetch(`${api.url}${script}`, { headers: { 'accept-encoding': encoding } })
      assert.equal(file.status, 200)
      assert.equal(file.headers.get('content-encoding') ?? 'identity', encoding)
      assert.equal(file.headers.get('cache-control'), 'public, max-age=31536000, immutable')
      await file.arrayBuffer()
    }
  }
  assert.equal((await fetch(`${api.url}/assets/none.js`)).status, 404)
  assert.equal((await fetch(`${api.url}/assets/..%2findex.html`)).status, 404)
})

test('where the pages are not built, the service runs and says how to build them', async () => {
  const app = Fastify()
  await addPages(app, '/nowhere/')
  const answer = await app.inject('/')
  assert.equal(answer.statusCode, 503)
  assert.match(answer.body, /npm run build/)
})
