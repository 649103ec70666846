import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { LookupFunction } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Address, createNameLookup, type NamesOptions } from '../../src/webhooks/names.ts'
import { createLookup } from '../../src/webhooks/target.ts'

/** What a name server says of a name: addresses, that there is none (null), or nothing at all. */
type Zone = Readonly<Record<string, { readonly a?: string; readonly aaaa?: string } | null | 'silent'>>

/** A name server on loopback: enough of RFC 1035 to answer for addresses. */
async function startNameServer(
  zone: Zone
): Promise<AsyncDisposable & { readonly server: string; readonly asked: string[] }> {
  const socket: Socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (query, from) => {
    const end = query.indexOf(0, 12)
    const labels: string[] = []
    for (let at = 12; at < end; at += query[at]! + 1) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!))
    const name = labels.join('.').toLowerCase()
    const isA = query.readUInt16BE(end + 1) === 1
    asked.push(`${isA ? 'A' : 'AAAA'} ${name}`)
    const said = zone[name]
    if (said === 'silent') return
    const address = isA ? said?.a : said?.aaaa
    const data =
      address === undefined
        ? undefined
        : isA
          ? Buffer.from(address.split('.').map(Number))
          : Buffer.from(address, 'hex')
    const head = Buffer.from(query.subarray(0, 12))
    // An answer; of a name that there is not, code 3. One question, and one answer or none, nothing else.
    head.writeUInt16BE(0x8180 | (said ? 0 : 3), 2)
    for (const [at, count] of [
      [4, 1],
      [6, data ? 1 : 0],
      [8, 0],
      [10, 0]
    ] as const)
      head.writeUInt16BE(count, at)
    const record =
      data && Buffer.concat([Buffer.from([0xc0, 12, 0, isA ? 1 : 28, 0, 1, 0, 0, 0, 60, 0, data.length]), data])
    socket.send(
      Buffer.concat([head, query.subarray(12, end + 5), ...(record ? [record] : [])]),
      from.port,
      from.address
    )
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    server: `127.0.0.1:${socket.address().port}`,
    asked,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => socket.close(resolve))
    }
  }
}

const V6 = '2606470047000000000000000000 1111'.replace(' ', '')

function look(lookup: LookupFunction, name: string, options = { all: true }): Promise<Address[] | string | undefined> {
  return new Promise((resolve) =>
    lookup(name, options, (error, found) => resolve(error ? (error.code ?? error.name) : (found as Address[])))
  )
}

const unasked: NamesOptions = { askSystem: (name) => Promise.reject(new Error(`the system was asked for ${name}`)) }

test('addresses of both families come from the name servers', async () => {
  await using names = await startNameServer({
    'both.example': { a: '1.1.1.1', aaaa: V6 },
    'six.example': { aaaa: V6 }
  })
  const lookup = createNameLookup({ ...unasked, servers: [names.server], hostsFile: '/nowhere' })
  const six = { address: '2606:4700:4700::1111', family: 6 }
  assert.deepEqual(await look(lookup, 'both.example'), [{ address: '1.1.1.1', family: 4 }, six])
  assert.deepEqual(await look(lookup, 'six.example'), [six])
  assert.equal(await look(lookup, 'both.example', { all: false }), '1.1.1.1')
})

test('a name server that is silent about some names holds up no other name', async () => {
  const dead = Array.from({ length: 16 }, (_, index) => `dead${index}.example`)
  await using names = await startNameServer({
    ...Object.fromEntries(dead.map((name) => [name, 'silent' as const])),
    'well.example': { a: '1.1.1.1' }
  })
  const lookup = createNameLookup({ ...unasked, servers: [names.server], hostsFile: '/nowhere', answerMs: 300 })
  let answered = 0
  const silent = dead.map(async (name) => {
    const found = await look(lookup, name)
    answered += 1
    return found
  })
  assert.deepEqual(await look(lookup, 'well.example'), [{ address: '1.1.1.1', family: 4 }])
  assert.equal(answered, 0)
  assert.deepEqual(new Set(await Promise.all(silent)), new Set(['EAI_AGAIN']))
})

test('the hosts file comes before the name servers, and is judged as they are', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'contango-hosts-'))
  const hostsFile = join(folder, 'hosts')
  await writeFile(hostsFile, '# ours\n127.0.0.1\tlocalhost ours\n::1 localhost\n10.1.2.3 Hooks.example.com # inside\n')
  await using names = await startNameServer({ 'hooks.example.com': { a: '1.1.1.1' } })
  const lookup = createNameLookup({ ...unasked, servers: [names.server], hostsFile })
  assert.deepEqual(await look(lookup, 'localhost'), [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 }
  ])
  assert.deepEqual(await look(lookup, 'hooks.EXAMPLE.com'), [{ address: '10.1.2.3', family: 4 }])
  assert.equal(await look(createLookup('refuse', lookup), 'hooks.example.com'), 'ForbiddenTargetError')
  assert.deepEqual(names.asked, [])
  await rm(folder, { recursive: true })
})

test('what the name servers do not know, and names of one word, are asked of the system', async () => {
  await using names = await startNameServer({ 'inside.cluster': null, 'empty.example': {} })
  const asked: string[] = []
  const askSystem = async (name: string) => {
    asked.push(name)
    return name === 'empty.example' ? [] : [{ address: '10.0.0.1', family: 4 }]
  }
  const lookup = createNameLookup({ servers: [names.server], hostsFile: '/nowhere', askSystem })
  for (const name of ['inside.cluster', 'receiver']) {
    assert.deepEqual(await look(lookup, name), [{ address: '10.0.0.1', family: 4 }])
  }
  assert.equal(await look(lookup, 'empty.example'), 'ENOTFOUND')
  assert.deepEqual(asked, ['inside.cluster', 'receiver', 'empty.example'])
  assert.ok(!names.asked.some((question) => question.endsWith(' receiver')))
})

test('localhost is found on this machine as it is set up', async () => {
  const found = (await look(createNameLookup(), 'localhost')) as Address[]
  assert.ok(found.every(({ address }) => ['127.0.0.1', '::1'].includes(address)))
  assert.ok(found.length > 0)
})
