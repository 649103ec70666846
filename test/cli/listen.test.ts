import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readListenOptions } from '../../src/cli/listen-arguments.ts'
import { systemClock } from '../../src/clock.ts'
import { publishDue } from '../../src/jobs/publisher.ts'
import { createKey } from '../../src/store/keys.ts'
import { openSender } from '../../src/webhooks/send.ts'
import { createSecret } from '../../src/webhooks/signature.ts'
import { testApi } from '../api/fixture.ts'
import { aMessage } from '../support/receiver.ts'
import { startContango } from '../support/service.ts'
import { anEvent, startDelivering, storeEvents } from '../support/webhooks.ts'

test('listen --create subscribes itself, prints what verifies, and ends its subscription when it stops', {
  timeout: 60_000
}, async () => {
  await using api = await testApi({ config: { webhookPrivateTargets: 'allow' } })
  const { secret: key } = await createKey(api.db, { scopes: ['webhooks'] })
  const env = { CONTANGO_URL: api.url, CONTANGO_KEY: key }
  await using listener = startContango(
    ['listen', '--create', '--events', 'signal.opened', '--filter', 'asset=BTC', '--json'],
    env
  )
  const [, id] = await listener.says(/subscribed as (sub_\S+?)\./)
  await using delivering = startDelivering(api.db, systemClock)
  await storeEvents(api.db, anEvent({ data: { hello: 'é' } }), anEvent({ about: null, data: { other: 1 } }))
  assert.equal(await publishDue({ db: api.db, clock: systemClock }), 2)
  delivering.look()
  const [line] = await listener.says(/^\{.*\}$/m)
  const { rows } = await api.db.query<{ id: string; secret: string }>(
    'select d.id, s.secret from delivery d join subscription s on s.id = d.subscription_id where s.id = $1',
    [id]
  )
  assert.equal(rows.length, 1)
  const { timestamp, ...event } = JSON.parse(line)
  assert.ok(timestamp)
  assert.deepEqual(event, { id: rows[0]!.id, type: 'signal.opened', sequence: 1, data: { hello: 'é' } })
  assert.equal(listener.output().includes(rows[0]!.secret), false)
  assert.equal(await listener.end('SIGTERM'), 0)
  assert.equal((await api.db.query('select 1 from subscription')).rows.length, 0)
})

test('listen --secret prints a line for what verifies, and refuses the rest', { timeout: 60_000 }, async () => {
  const secret = createSecret()
  await using listener = startContango(['listen', '--secret', secret], {})
  const [, url] = await listener.says(/webhooks at (http:\S+\/)/)
  const sender = openSender({ policy: 'allow', clock: systemClock })
  const never = new AbortController().signal
  const body = '{"type":"test.ping","timestamp":"2026-11-25T00:00:00.000Z","sequence":3,"data":{"a":1}}'
  assert.equal((await sender.send(aMessage(url!, { body, secrets: [secret] }), never)).status, 204)
  await listener.says(/^2026-11-25T00:00:00\.000Z {2}#3 {2}test\.ping {2}msg_1 {2}\{"a":1\}$/m)
  assert.equal((await sender.send(aMessage(url!, { body, secrets: [createSecret()] }), never)).status, 400)
  await listener.says(/No matching signature/)
  await sender.close()
  assert.equal(await listener.end('SIGINT'), 0)
})

test('arguments of listen that cannot be used are all named', () => {
  const refused = (args: string[], pattern: RegExp) => assert.throws(() => readListenOptions(args, {}), pattern)
  refused([], /either --secret or --create/)
  refused(['--secret', createSecret(), '--create', '--key', 'k'], /either --secret or --create/)
  refused(['--secret', 'password'], /--secret: expected whsec_/)
  refused(['--create'], /--key: missing/)
  refused(
    ['--secret', createSecret(), '--port', '70000', '--events', 'a'],
    /--port: expected a port.*--events: only with --create/
  )
  refused(['--creat'], /Unknown option/)
  refused(['--create', '--key', 'k', '--service', 'nonsense'], /--service: expected a URL/)
  const options = readListenOptions(['--create', '--key', 'k', '--filter', 'asset=BTC,asset=ETH,kind=future'], {
    PORT: '9000'
  })
  assert.deepEqual(options.filter, { asset: ['BTC', 'ETH'], kind: ['future'] })
  assert.equal(options.service, 'http://127.0.0.1:9000')
})
