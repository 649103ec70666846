import assert from 'node:assert/strict'
import type { LookupFunction } from 'node:net'
import { after, before, test } from 'node:test'
import { systemClock } from '../../src/clock.ts'
import { openSender, type SenderOptions } from '../../src/webhooks/send.ts'
import { createLookup, ForbiddenTargetError, isPublicAddress, readTarget } from '../../src/webhooks/target.ts'
import { aMessage, type Receiver, startReceiver } from '../support/receiver.ts'

const FORBIDDEN = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:0:127.0.0.1',
  '::5efe:7f00:1',
  '64:ff9b::7f00:1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::1',
  '100::1',
  '100:0:0:1::1',
  '2001::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '2001:2::1',
  '2001:10::1',
  '2001:20::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:a9fe:a9fe::1',
  '3fff::1',
  '4000::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fec0::1',
  'ff02::1'
]
const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.1',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.1',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2001:200::1',
  '2001:4860:4860::8888',
  '2a00:1450:4001::1',
  '2400:cb00::1'
]

test('an address is public or it is not', () => {
  assert.deepEqual(FORBIDDEN.filter(isPublicAddress), [])
  assert.deepEqual(
    PUBLIC.filter((address) => !isPublicAddress(address)),
    []
  )
  assert.equal(isPublicAddress('fe80::1%lo'), false)
  assert.equal(isPublicAddress('2606:4700::1%eth0'), false)
  assert.equal(isPublicAddress('no address'), false)
})

/** Ways to write 127.0.0.1, or somewhere inside, and more that must never be called; {port} is the canary's. */
const SPELLINGS = [
  'http://127.0.0.1:{port}/',
  'https://127.0.0.1:{port}/',
  'https://127.0.0.2:{port}/',
  'https://127.1:{port}/',
  'https://127.0.1:{port}/',
  'https://0x7f000001:{port}/',
  'https://0x7f.0.0.1:{port}/',
  'https://2130706433:{port}/',
  'https://017700000001:{port}/',
  'https://0177.0.0.1:{port}/',
  'https://0177.0x0.0.1:{port}/',
  'https://①②⑦.⓪.⓪.①:{port}/',
  'https://１２７.0.0.1:{port}/',
  'https://127。0。0。1:{port}/',
  'https://127.0.0.1.:{port}/',
  'https:127.0.0.1:{port}/',
  'https:\\\\127.0.0.1:{port}/',
  'https://127.0.0.1\\@example.com:{port}/',
  'https://example.com@127.0.0.1:{port}/',
  'https://user:secret@127.0.0.1:{port}/',
  'https://%31%32%37.0.0.1:{port}/',
  'https://[::1]:{port}/',
  'https://[::ffff:127.0.0.1]:{port}/',
  'https://[::ffff:7f00:1]:{port}/',
  'https://[::127.0.0.1]:{port}/',
  'https://[64:ff9b::127.0.0.1]:{port}/',
  'https://[2002:7f00:1::]:{port}/',
  'https://[0:0:0:0:0:0:0:1]:{port}/',
  'https://[::]:{port}/',
  'https://0.0.0.0:{port}/',
  'https://0:{port}/',
  'https://localhost:{port}/',
  'https://LOCALHOST:{port}/',
  'https://localhost.:{port}/',
  'https://a.localhost:{port}/',
  'https://ｌocalhost:{port}/',
  'https://printer.local:{port}/',
  'https://metadata.google.internal:{port}/',
  'https://intranet:{port}/',
  'https://169.254.169.254/latest',
  'https://127.0.0.1:{port}',
  ' https://127.0.0.1:{port}/',
  'https://127.0.0.1:{port}/\t',
  'https://12\t7.0.0.1:{port}/',
  'https://127.0.0.1:{port}/#x',
  'ftp://127.0.0.1:{port}/',
  'file:///etc/passwd',
  'data:text/plain,x',
  'javascript:1',
  'unix:///tmp/socket',
  '//127.0.0.1:{port}/',
  '127.0.0.1:{port}',
  '',
  'https://',
  'https://example.com:99999/',
  `https://example.com/${'x'.repeat(2_000)}`
]

let canary: Receiver
before(async () => {
  canary = await startReceiver('127.0.0.1')
})
after(() => canary[Symbol.asyncDispose]())

const tryAt = async (url: string, options: Partial<SenderOptions> = {}) => {
  const sender = openSender({
    policy: 'refuse',
    clock: systemClock,
    tryMsMax: 3_000,
    ...options
  })
  try {
    return await sender.send(aMessage(url), new AbortController().signal)
  } finally {
    await sender.close()
  }
}

test('no spelling of a private target is ever connected to, by registration or by a try', async () => {
  const port = new URL(canary.url).port
  for (const spelling of SPELLINGS) {
    const url = spelling.replaceAll('{port}', port)
    assert.throws(() => readTarget(url, 'refuse'), { name: 'ForbiddenTargetError' }, url)
    assert.equal((await tryAt(url)).outcome, 'forbidden_target', url)
  }
  for (const address of FORBIDDEN) {
    const host = address.includes(':') ? `[${address}]` : address
    assert.throws(() => readTarget(`https://${host}:${port}/`, 'refuse'), { name: 'ForbiddenTargetError' }, address)
    assert.equal((await tryAt(`https://${host}:${port}/`)).outcome, 'forbidden_target', address)
  }
  assert.equal(canary.connections, 0)
})

test('a name with one forbidden address among its answers is refused, and no message names an address', async () => {
  const port = new URL(canary.url).port
  for (const address of FORBIDDEN) {
    const family = address.includes(':') ? 6 : 4
    const lookup: LookupFunction = (_name, _options, callback) =>
      callback(null, [
        { address: '93.184.215.14', family: 4 },
        { address, family }
      ])
    const tried = await tryAt(`https://hooks.example.com:${port}/`, { lookup })
    assert.equal(tried.outcome, 'forbidden_target', address)
    assert.equal(tried.message?.includes(address), false)
  }
  assert.equal(canary.connections, 0)
})

test('a name is looked up once a connection, and the socket gets exactly the addresses that were judged', async () => {
  const answers = [
    [
      { address: '93.184.215.14', family: 4 },
      { address: '2606:2800:21f:cb07::1', family: 6 }
    ],
    [{ address: '127.0.0.1', family: 4 }]
  ]
  let asked = 0
  const guarded = createLookup('refuse', (_name, options, callback) => {
    assert.equal(options.all, true)
    callback(null, answers[asked++] ?? [])
  })
  const look = (all: boolean) =>
    new Promise<unknown[]>((resolve) => guarded('hooks.example.com', { all }, (...given) => resolve(given)))
  assert.deepEqual(await look(true), [null, answers[0]])
  const [error] = await look(true)
  assert.ok(error instanceof ForbiddenTargetError, 'the second answer is judged as the first was')
  assert.ok((await look(true))[0] instanceof ForbiddenTargetError, 'no answer is no target')
  asked = 0
  assert.deepEqual(await look(false), [null, '93.184.215.14', 4])
})

test('every try looks the name up and judges it anew', async () => {
  let lookups = 0
  const sender = openSender({
    policy: 'refuse',
    clock: systemClock,
    tryMsMax: 3_000,
    lookup: (_name, _options, callback) => {
      lookups += 1
      callback(null, [{ address: '127.0.0.1', family: 4 }])
    }
  })
  for (const expected of [1, 2, 3]) {
    const url = `https://hooks.example.com:${new URL(canary.url).port}/`
    assert.equal((await sender.send(aMessage(url), new AbortController().signal)).outcome, 'forbidden_target')
    assert.equal(lookups, expected)
  }
  await sender.close()
  assert.equal(canary.connections, 0)
})

test('where private targets are allowed, http on loopback works, and the rest of the rules still hold', async () => {
  await using receiver = await startReceiver()
  const tried = await tryAt(`${receiver.url}/hook?a=1`, { policy: 'allow' })
  assert.deepEqual([tried.outcome, tried.status, receiver.received[0]?.path], ['delivered', 204, '/hook?a=1'])
  for (const url of ['ftp://127.0.0.1/', 'http://user:x@127.0.0.1/', 'http://127.0.0.1/#a', 'nothing']) {
    assert.throws(() => readTarget(url, 'allow'), { name: 'ForbiddenTargetError' }, url)
  }
})

test('public targets are taken as they are written', () => {
  for (const url of [
    'https://example.com/hook',
    'https://example.com:8443/a?b=c',
    'https://1.1.1.1/',
    'https://[2606:4700::1]/',
    'https://bücher.example/ü'
  ]) {
    assert.equal(readTarget(url, 'refuse').href, new URL(url).href)
  }
})
