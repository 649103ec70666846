import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { bodyOf } from '../../src/webhooks/body.ts'
import { createSecret, ROTATION_MS, secretsAt, signedHeaders } from '../../src/webhooks/signature.ts'

const secret = createSecret()
const accepts = (headers: Record<string, string>, body: string, by = secret) => {
  try {
    new Webhook(by).verify(body, headers)
    return true
  } catch {
    return false
  }
}

test('the official library accepts what is signed, whatever is in it', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 200 })
  fc.assert(
    fc.property(fc.jsonValue(), text, fc.uuid(), (data, type, id) => {
      const body = bodyOf({ type, at: Date.now(), data: JSON.stringify(data) }, 1)
      assert.deepEqual(
        new Webhook(secret).verify(body, signedHeaders(`msg_${id}`, body, Date.now(), [secret])),
        JSON.parse(body)
      )
    }),
    { numRuns: 2_000 }
  )
})

test('what is signed is what the official library would sign, to the last character', () => {
  const ours = fc
    .uint8Array({ minLength: 1, maxLength: 80 })
    .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`)
  const body = fc.string({ unit: 'binary', maxLength: 300 })
  fc.assert(
    fc.property(ours, body, fc.date({ min: new Date(0), noInvalidDate: true }), (by, text, at) => {
      const { 'webhook-signature': signature } = signedHeaders('msg_1', text, at.getTime(), [by])
      assert.equal(signature, new Webhook(by).sign('msg_1', at, text))
    }),
    { numRuns: 1_000 }
  )
})

test('a body of a megabyte, half of it beyond ASCII, is accepted', () => {
  const body = bodyOf({ type: 'signal.opened', at: 0, data: JSON.stringify('aé漢😀'.repeat(100_000)) }, 1)
  assert.ok(accepts(signedHeaders('msg_1', body, Date.now(), [secret]), body))
})

test('one flipped bit, in the body, the id, the time or the signature, is refused', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 100 }),
      fc.nat(),
      fc.integer({ min: 0, max: 6 }),
      (data, at, bit) => {
        const body = JSON.stringify(data)
        const headers = signedHeaders('msg_1', body, Date.now(), [secret])
        assert.ok(accepts(headers, body))
        const bytes = Buffer.from(body)
        bytes[at % bytes.length]! ^= 1 << bit
        // What is no UTF-8 any more is replaced, which is a change as well.
        assert.equal(accepts(headers, bytes.toString('utf8')), false)
        assert.equal(accepts({ ...headers, 'webhook-id': 'msg_0' }, body), false)
        const later = String(Number(headers['webhook-timestamp']) + 1)
        assert.equal(accepts({ ...headers, 'webhook-timestamp': later }, body), false)
        const [version, signature = ''] = headers['webhook-signature']!.split(',')
        const mac = Buffer.from(signature, 'base64')
        mac[at % mac.length]! ^= 1 << bit
        assert.equal(accepts({ ...headers, 'webhook-signature': `${version},${mac.toString('base64')}` }, body), false)
      }
    ),
    { numRuns: 500 }
  )
})

test('a secret is 32 random bytes, and none comes twice', () => {
  const secrets = Array.from({ length: 100 }, createSecret)
  for (const made of secrets) {
    assert.match(made, /^whsec_[A-Za-z0-9+/]{43}=$/)
    assert.equal(Buffer.from(made.slice(6), 'base64').length, 32)
  }
  assert.equal(new Set(secrets).size, 100)
})

test('for a day after a rotation both secrets verify, then only the new one', () => {
  const old = createSecret()
  const now = Date.now()
  const state = { secret, previousSecret: old, previousUntil: now + ROTATION_MS }
  const during = signedHeaders('msg_1', '{}', now, secretsAt(state, now + ROTATION_MS - 1))
  assert.deepEqual([accepts(during, '{}'), accepts(during, '{}', old)], [true, true])
  assert.equal(during['webhook-signature']!.split(' ').length, 2)
  const after = signedHeaders('msg_1', '{}', now, secretsAt(state, now + ROTATION_MS))
  assert.deepEqual([accepts(after, '{}'), accepts(after, '{}', old)], [true, false])
})

test('a body says type, time, number and data, in this order', () => {
  const body = bodyOf({ type: 'signal.opened', at: Date.UTC(2026, 0, 2), data: '{"a":1.50}' }, 7)
  assert.equal(body, '{"type":"signal.opened","timestamp":"2026-01-02T00:00:00.000Z","sequence":7,"data":{"a":1.50}}')
})
