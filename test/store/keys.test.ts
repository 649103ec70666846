import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readKeysArguments } from '../../src/cli/keys.ts'
import { systemClock } from '../../src/clock.ts'
import { createKey, findKey, hasActiveKey, listKeys, registerBootstrapKey, revokeKey } from '../../src/store/keys.ts'
import { testDatabase } from '../support/database.ts'

test('a key is found by itself alone, and only its hash is stored', async () => {
  await using t = await testDatabase()
  const { key, secret } = await createKey(t.db, { scopes: ['read', 'webhooks'], name: 'ci' })
  assert.match(secret, /^ctg_[0-9A-Za-z]{40}$/)
  assert.deepEqual(await findKey(t.db, secret), key)
  assert.equal(await findKey(t.db, `${secret}x`), undefined)
  assert.deepEqual(
    [key.prefix, key.last4, key.name, key.scopes],
    [secret.slice(0, 8), secret.slice(-4), 'ci', ['read', 'webhooks']]
  )
  const { rows } = await t.db.query('select * from api_key')
  assert.equal(JSON.stringify(rows).includes(secret.slice(8, -4)), false)
})

test('a revoked key is found no more, and stays listed', async () => {
  await using t = await testDatabase()
  assert.equal(await hasActiveKey(t.db), false)
  const { key, secret } = await createKey(t.db, { scopes: ['read'] })
  assert.equal(await hasActiveKey(t.db), true)
  assert.equal((await revokeKey(t.db, key.id, 1000)).revokedAt, 1000)
  assert.equal((await revokeKey(t.db, key.id, 2000)).revokedAt, 1000)
  assert.equal(await findKey(t.db, secret), undefined)
  assert.equal(await hasActiveKey(t.db), false)
  assert.deepEqual(
    (await listKeys(t.db)).map(({ id }) => id),
    [key.id]
  )
  await assert.rejects(revokeKey(t.db, 'key_none', 0), /no key has the id "key_none"/)
})

test('a bootstrap key is registered once, with every scope, and a revoked one stays revoked', async () => {
  await using t = await testDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'contango-keys-'))
  const file = join(folder, 'key')
  const secret = `ctg_${'a1B2'.repeat(10)}`
  await writeFile(file, `${secret}\n`)
  await registerBootstrapKey(t.db, file)
  await registerBootstrapKey(t.db, file)
  const key = await findKey(t.db, secret)
  assert.deepEqual(key?.scopes, ['read', 'webhooks', 'admin'])
  await revokeKey(t.db, key.id, 0)
  await registerBootstrapKey(t.db, file)
  assert.equal(await findKey(t.db, secret), undefined)
  await writeFile(file, 'password')
  await assert.rejects(registerBootstrapKey(t.db, file), /should hold one key/)
  await assert.rejects(registerBootstrapKey(t.db, join(folder, 'none')), /cannot be read \(ENOENT\)/)
  await rm(folder, { recursive: true })
})

test('the command line makes, lists and revokes keys, and refuses what it does not know', async () => {
  await using t = await testDatabase()
  const run = async (...args: string[]) => {
    const lines: string[] = []
    await readKeysArguments(args)({ db: t.db, clock: systemClock, write: (line) => lines.push(line) })
    return lines
  }
  const [secret] = await run('create', '--scope', 'read,webhooks', '--name=desk')
  const [made] = (await run('create', '--scope', 'admin', '--json')).map((line) => JSON.parse(line))
  assert.equal((await findKey(t.db, made.key))?.id, made.id)
  const found = await findKey(t.db, secret!)
  assert.equal(found?.name, 'desk')
  const list = await run('list')
  assert.equal(list.length, 2)
  assert.equal(
    list.some((line) => line.includes(secret!)),
    false
  )
  await run('revoke', found.id)
  assert.equal(await findKey(t.db, secret!), undefined)
  const refusals: [string[], RegExp][] = [
    [[], /expected create, list or revoke/],
    [['creat'], /did you mean create/],
    [['create'], /--scope: missing; expected any of read, webhooks, admin/],
    [['create', '--scope', 'red'], /"red" is not one of read, webhooks, admin; did you mean read/],
    [['create', '--scope'], /--scope: a value is missing/],
    [['create', '--scop', 'read'], /--scop: unknown option; did you mean --scope/],
    [['revoke'], /ID: missing/],
    [['revoke', 'key_none'], /no key has the id/]
  ]
  for (const [args, message] of refusals) await assert.rejects(run(...args), message)
})
