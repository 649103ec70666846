import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/clock.ts'
import { openSender, type SenderOptions } from '../../src/webhooks/send.ts'
import { aMessage, type Behaviour, type Receiver, startReceiver, verify } from '../support/receiver.ts'

const never = new AbortController().signal

function open(options: Partial<SenderOptions> = {}) {
  return openSender({ policy: 'allow', clock: systemClock, tryMsMax: 400, ...options })
}

async function tryAt(receiver: Receiver, behaviour: Behaviour, options: Partial<SenderOptions> = {}) {
  receiver.behave = () => behaviour
  const sender = open(options)
  try {
    return await sender.send(aMessage(receiver.url), never)
  } finally {
    await sender.close()
  }
}

test('the official library accepts what arrives, byte for byte', async () => {
  await using receiver = await startReceiver()
  const sender = open()
  const body = JSON.stringify({ type: 'test.ping', data: 'é 漢 😀 "\\"' })
  const message = aMessage(receiver.url, { body })
  await sender.send(message, never)
  await sender.close()
  const [received] = receiver.received
  assert.equal(received?.body, body)
  assert.deepEqual(verify(received!, message.secrets[0]), JSON.parse(body))
  assert.equal(received?.headers['content-type'], 'application/json')
  assert.equal(received?.headers['webhook-id'], 'msg_1')
})

test('every way to answer is told by its name', async () => {
  await using receiver = await startReceiver()
  const answer = (status: number, headers = {}) => ({ kind: 'answer', status, headers, body: 'hello' }) as const
  const table: [Behaviour, string, number | null][] = [
    [answer(200), 'delivered', 200],
    [answer(202), 'delivered', 202],
    [answer(301, { location: '/elsewhere' }), 'redirected', 301],
    [answer(307, { location: '/elsewhere' }), 'redirected', 307],
    [answer(400), 'refused', 400],
    [answer(401), 'refused', 401],
    [answer(404), 'refused', 404],
    [answer(410), 'gone', 410],
    [answer(429, { 'retry-after': '7' }), 'refused', 429],
    [answer(500), 'refused', 500],
    [answer(503), 'refused', 503],
    [{ kind: 'reset' }, 'unreachable', null],
    [{ kind: 'stall' }, 'timeout', null],
    [{ kind: 'drip' }, 'timeout', null]
  ]
  for (const [behaviour, outcome, status] of table) {
    const tried = await tryAt(receiver, behaviour)
    assert.deepEqual([tried.outcome, tried.status], [outcome, status], JSON.stringify(behaviour))
    if (status === 429) assert.equal(tried.retryAfterMs, 7_000)
    if (status === 200) assert.equal(tried.answer, 'hello')
    assert.doesNotMatch(tried.message ?? '', /127\.0\.0\.1/)
  }
  assert.equal(receiver.received.length, table.length, 'no redirect was followed, no try made twice')
})

test('a receiver that nobody listens at, or that has no name, is unreachable', async () => {
  const receiver = await startReceiver()
  const { url } = receiver
  await receiver[Symbol.asyncDispose]()
  const sender = open({
    lookup: (_name, _options, callback) =>
      callback(Object.assign(new Error('getaddrinfo 10.1.2.3'), { code: 'ENOTFOUND' }), '')
  })
  const refused = await sender.send(aMessage(url), never)
  assert.deepEqual([refused.outcome, refused.message], ['unreachable', 'the connection was refused'])
  const unnamed = await sender.send(aMessage('http://nowhere.example/'), never)
  assert.deepEqual([unnamed.outcome, unnamed.message], ['unreachable', 'the host name does not resolve'])
  await sender.close()
})

test('a lookup that never answers is cut at the deadline like everything else', async () => {
  const sender = open({ lookup: () => {} })
  const tried = await sender.send(aMessage('http://nowhere.example/'), never)
  assert.equal(tried.outcome, 'timeout')
  assert.ok(tried.durationMs >= 390)
  await sender.close()
})

test('what was over before it had a connection is never sent', async () => {
  await using receiver = await startReceiver()
  const { hostname, port } = new URL(receiver.url)
  const asked = Promise.withResolvers<() => void>()
  const sender = open({
    lookup: (_name, _options, callback) => asked.resolve(() => callback(null, [{ address: hostname, family: 4 }]))
  })
  const tried = await sender.send(aMessage(`http://slow.example:${port}/`), never)
  assert.equal(tried.outcome, 'timeout')
  ;(await asked.promise)()
  // The same connection would have carried the late one before this.
  const next = await sender.send(aMessage(receiver.url, { id: 'msg_2' }), never)
  assert.equal(next.outcome, 'delivered')
  await sender.close()
  assert.deepEqual(
    receiver.received.map(({ headers }) => headers['webhook-id']),
    ['msg_2']
  )
})

test('one try after another takes the same connections, and new ones after they were cut', async () => {
  await using receiver = await startReceiver()
  const sender = open()
  const send = () => sender.send(aMessage(receiver.url), never)
  for (let count = 0; count < 20; count += 1) assert.equal((await send()).outcome, 'delivered')
  // A connection is free again one turn of the loop after its answer.
  assert.ok(receiver.connections <= 2, `${receiver.connections} connections`)
  receiver.behave = () => ({ kind: 'reset' })
  assert.equal((await send()).outcome, 'unreachable')
  receiver.behave = () => ({ kind: 'answer', status: 204 })
  assert.equal((await send()).outcome, 'delivered')
  await sender.close()
})

test('of a gigabyte of answer 64 KiB are read, and the connection is cut', async () => {
  await using receiver = await startReceiver()
  const tried = await tryAt(receiver, { kind: 'flood', bytes: 1e9 }, { tryMsMax: 15_000 })
  assert.deepEqual([tried.outcome, tried.answer?.length], ['delivered', 1_000])
  // What lies in the buffers of two sockets went out as well.
  assert.ok(receiver.bytesSent < 32e6, `${receiver.bytesSent} bytes`)
})

test('an answer is kept as text that a database takes', async () => {
  await using receiver = await startReceiver()
  const tried = await tryAt(receiver, { kind: 'answer', status: 500, body: `a\0b${'x'.repeat(995)}😀😀😀` })
  assert.ok(tried.answer?.startsWith('a\u{fffd}bx'))
  assert.ok(tried.answer?.isWellFormed())
})

test('a try that is cut by a stop rejects: nobody knows whether it arrived', async () => {
  await using receiver = await startReceiver()
  receiver.behave = () => ({ kind: 'stall' })
  const sender = open({ tryMsMax: 15_000 })
  const stop = new AbortController()
  const tried = sender.send(aMessage(receiver.url), stop.signal)
  await receiver.hasReceived(1)
  stop.abort()
  await assert.rejects(tried)
  await sender.close()
})

test('a proxy in the environment is not asked', async () => {
  await using receiver = await startReceiver()
  const askedFor: string[] = []
  const proxy = createServer((request, response) => {
    askedFor.push(request.url ?? '')
    response.end()
  })
  proxy.on('connect', (request, socket) => {
    askedFor.push(request.url ?? '')
    socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n')
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const script = `
    const { openSender } = await import(${JSON.stringify(fileURLToPath(new URL('../../src/webhooks/send.ts', import.meta.url)))})
    const sender = openSender({ policy: 'allow', clock: { now: () => Date.now() } })
    const secret = 'whsec_' + Buffer.alloc(32, 7).toString('base64')
    const tried = await sender.send({ id: 'msg_1', url: '${receiver.url}', body: '{}', secrets: [secret] }, new AbortController().signal)
    await sender.close()
    // Proves that the environment does reach a client that asks it.
    await fetch('http://nowhere.example/', { signal: AbortSignal.timeout(5_000) }).catch(() => {})
    console.log(tried.outcome)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: {
      ...process.env,
      HTTP_PROXY: proxyUrl,
      http_proxy: proxyUrl,
      HTTPS_PROXY: proxyUrl,
      NO_PROXY: '',
      no_proxy: '',
      NODE_USE_ENV_PROXY: '1'
    },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let said = ''
  child.stdout.on('data', (text) => {
    said += text
  })
  await once(child, 'close')
  proxy.close()
  assert.equal(said.trim(), 'delivered')
  assert.equal(receiver.received.length, 1)
  assert.ok(askedFor.length > 0, 'the control asked the proxy')
  assert.equal(
    askedFor.some((target) => target.includes(new URL(receiver.url).host)),
    false
  )
})
