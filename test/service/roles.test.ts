import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabase } from '../support/database.ts'
import { eventually, getJson, startContango } from '../support/service.ts'

test('roles in processes of their own share one database; a collector that is killed or frozen is replaced', {
  timeout: 360_000
}, async () => {
  await using database = await testDatabase()
  await using sim = startContango(['sim', '--ports', 'binance=0,bybit=0'], {})
  const [, urls] = await sim.says(/VENUE_URLS='(.+)'/)
  const common = {
    DATABASE_URL: database.url,
    VENUES: 'binance,bybit',
    VENUE_URLS: urls!,
    POLL_SECONDS: '1',
    STORE_SECONDS: '1',
    ASSETS: 'BTC,ETH,SOL',
    HISTORY_BASIS_DAYS: '0',
    HISTORY_SETTLEMENT_DAYS: '0',
    CALL_TIMEOUT_SECONDS: '1'
  }
  await using one = startContango(['start'], { ...common, ROLES: 'collect', PORT: '0' })
  await using two = startContango(['start'], { ...common, ROLES: 'collect', PORT: '0' })
  await using front = startContango(['start'], { ...common, ROLES: 'derive,api', PORT: '0' })
  const [, address] = await front.says(/"address":"(http:[^"]+)"/)
  await eventually('the board is served', async () => ((await fetch(`${address}/readyz`)).ok ? true : undefined))

  const holders = async (since: Date) => {
    const { rows } = await database.db.query<{ holder: string }>(
      `select distinct holder from tick where job = 'collect' and state = 'done' and tick_at >= $1`,
      [since]
    )
    return rows.map(({ holder }) => Number(holder.split('/')[1]))
  }
  const start = new Date(0)
  await eventually('both collectors have had ticks', async () =>
    (await holders(start)).length === 2 ? true : undefined
  )

  await one.end('SIGKILL')
  const killedAt = new Date()
  await eventually('the other goes on alone', async () =>
    (await holders(new Date(killedAt.getTime() + 2_000))).includes(two.pid) ? true : undefined
  )

  two.child.kill('SIGSTOP')
  const frozenAt = new Date()
  await using three = startContango(['start'], { ...common, ROLES: 'collect', PORT: '0' })
  await eventually('a third takes over while the second is frozen', async () =>
    (await holders(frozenAt)).includes(three.pid) ? true : undefined
  )
  two.child.kill('SIGCONT')
  const thawedAt = new Date()
  await eventually('time has passed since the thaw', async () =>
    (await holders(new Date(thawedAt.getTime() + 3_000))).length > 0 ? true : undefined
  )

  const { rows: twice } = await database.db.query(
    'select 1 from market_snapshot group by instrument_id, tick_at having count(*) > 1'
  )
  assert.deepEqual(twice, [])
  const { rows: late } = await database.db.query(
    `select 1 from market_snapshot m join instrument i on i.id = m.instrument_id
     join tick t on t.job = 'collect' and t.scope = i.venue_id and t.tick_at = m.tick_at where m.epoch <> t.epoch limit 1`
  )
  assert.deepEqual(late, [], 'nothing was written by a claim that had been taken over')
  const { data } = await getJson<{ data: unknown[] }>(`${address}/v1/basis?minGrade=signal`)
  assert.ok(data.length > 0)
})
