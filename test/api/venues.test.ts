import assert from 'node:assert/strict'
import { test } from 'node:test'
import pino from 'pino'
import request from 'supertest'
import { startApi } from '../../src/api/server.ts'
import { ensureClosedVenues } from '../../src/store/closed-venues.ts'
import { ensureVenues } from '../../src/store/venues.ts'
import { capabilitiesOf } from '../../src/venues/capability.ts'
import { CLOSED_VENUES } from '../../src/venues/closed.ts'
import { ADAPTERS } from '../../src/venues/registry.ts'
import { testDatabase } from '../support/database.ts'
import { CONFIG, manualClock } from './fixture.ts'

test('what is asked of each venue, what it costs and what it rests on is told by REST and GraphQL alike', async () => {
  await using database = await testDatabase()
  await ensureVenues(database.db, ADAPTERS)
  await ensureClosedVenues(database.db, CLOSED_VENUES)
  const capabilities = Object.fromEntries(ADAPTERS.map((adapter) => [adapter.id, capabilitiesOf(adapter)]))
  const log = pino({ level: 'silent' })
  const deps = { db: database.db, clock: manualClock(), log, kind: 'simulated' as const, capabilities }
  const api = await startApi({ ...deps, config: CONFIG })
  try {
    const { body } = await request(api.address).get('/v1/venues')
    const told = new Map<string, Record<string, never>>(body.data.map((row: { venue: string }) => [row.venue, row]))
    const bybit = told.get('bybit') as unknown as { isDisplayOnly: boolean; capabilities: string[]; facts: object[] }
    assert.equal(bybit.isDisplayOnly, false)
    assert.ok(bybit.capabilities.includes('open_interest'))
    assert.deepEqual(
      bybit.facts.find(
        (row) => 'call' in row && row.call === 'inverse tickers' && 'fact' in row && row.fact === 'volume'
      ),
      {
        fact: 'volume',
        call: 'inverse tickers',
        method: 'fetchTickers',
        reach: 'bulk',
        cadence: 'poll',
        weightMs: 100,
        unit: 'dollars',
        fields: ['volume24h'],
        evidence: ['body', 'ccxt']
      }
    )
    // Nobody asks it for anything: it has no adapter.
    const closed = told.get('bitmex') as unknown as { isDisplayOnly: boolean; facts: object[] }
    assert.deepEqual([closed.isDisplayOnly, closed.facts], [true, []])
    const fields = 'fact call method reach cadence weightMs unit fields evidence'
    const query = `{ venues(first: 100) { nodes { venue isDisplayOnly facts { ${fields} } } } }`
    const answer = await request(api.address).post('/graphql').send({ query })
    const nodes = answer.body.data.venues.nodes as { venue: string; facts: object[] }[]
    for (const { venue, facts } of nodes) {
      assert.deepEqual(facts, (told.get(venue) as unknown as { facts: object[] }).facts, venue)
    }
    assert.equal(nodes.length, body.data.length)
  } finally {
    await api.close()
  }
})
