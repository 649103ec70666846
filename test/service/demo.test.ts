import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { BoardRow } from '../../src/domain/board-row.ts'
import { DAY } from '../../src/domain/time.ts'
import { openDatabase } from '../../src/store/database.ts'
import { describeEmbedded, openEmbedded } from '../../src/store/embedded/embedded.ts'
import { eventually, getJson, type ServiceProcess, startContango } from '../support/service.ts'
import { assertHolesAreGaps, assertWhole } from '../support/soundness.ts'

const silent = { info() {}, warn() {} }
const dataDir = await mkdtemp(join(tmpdir(), 'contango-demo-'))
// As root the server runs as another user, who must be able to enter.
await chmod(dataDir, 0o755)
// Fast clocks, so that kills meet work: a poll a second, a storing tick every two.
const POLL_MS = 1_000
/** Who asks for thousands of rows all the time keeps the demo from its work. */
const LONG_LIST_EVERY_MS = 500
const env = {
  DATA_DIR: dataDir,
  PORT: '0',
  POLL_SECONDS: String(POLL_MS / 1_000),
  STORE_SECONDS: '2',
  LOG_LEVEL: 'error'
}

after(() => rm(dataDir, { recursive: true, force: true }))

async function startDemo(): Promise<{ service: ServiceProcess; address: string; key: string }> {
  const service = startContango(['demo'], env)
  const [, address] = await service.says(/first page\s+(http:\S+)\//)
  const [, key] = await service.says(/API key\s+(\S+)/)
  return { service, address: address!, key: key! }
}

const board = async (address: string) => (await getJson<{ data: BoardRow[] }>(`${address}/v1/basis?limit=5000`)).data

/** What must hold whatever was killed, at any moment. */
async function assertSound(): Promise<void> {
  const embedded = await openEmbedded({ dataDir, log: silent })
  const db = openDatabase({ url: embedded.url, poolSize: 2, applicationName: 'contango test' })
  try {
    await assertWhole(db)
    await assertHolesAreGaps(db, POLL_MS)
  } finally {
    await db.close()
    await embedded.release()
  }
}

test('the demo fills its board from six venues, brings in the past, and survives being killed', {
  timeout: 580_000
}, async (t) => {
  let { service, address, key } = await startDemo()
  t.after(() => service.end('SIGKILL'))

  await t.test(
    'perpetuals and dated futures of every venue that has them, at least forty assets, most of them good for signals',
    async () => {
      const isThere = (rows: BoardRow[]) =>
        ['binance', 'bybit', 'okx', 'kraken', 'deribit'].every((venue) =>
          ['perpetual', 'future'].every((kind) => rows.some((row) => row.venue === venue && row.kind === kind))
        ) && rows.some(({ venue }) => venue === 'hyperliquid')
      // On a busy machine the first sweeps are late, and late rows are no signals: promised is a minute after the start.
      const isGood = (rows: BoardRow[]) => rows.filter(({ grade }) => grade === 'signal').length > rows.length / 2
      const rows = await eventually(
        'every venue is on the board, and most rows are good for signals',
        async () => {
          const all = await board(address)
          return isThere(all) && isGood(all) ? all : undefined
        },
        150_000,
        LONG_LIST_EVERY_MS
      )
      assert.ok(new Set(rows.map(({ asset }) => asset)).size >= 40)
    }
  )

  await t.test('the largest contracts have 120 days of settlements and 30 days of hourly basis', async () => {
    const rows = await eventually(
      'open interest is on the board',
      async () => {
        const sized = (await board(address)).filter(
          ({ venue, kind, openInterestUsd }) =>
            ['binance', 'bybit'].includes(venue) && kind === 'perpetual' && openInterestUsd !== null
        )
        return sized.length > 50 ? sized : undefined
      },
      90_000,
      LONG_LIST_EVERY_MS
    )
    const largest = rows.sort((a, b) => Number(b.openInterestUsd) - Number(a.openInterestUsd)).slice(0, 4)
    const now = Date.now()
    for (const { instrument } of largest) {
      await eventually(
        `the past of ${instrument}`,
        async () => {
          const from = new Date(now - 120 * DAY).toISOString()
          const realised = await getJson<{ data: { coverage: number; settlements: number } }>(
            `${address}/v1/funding/realised?instrument=${instrument}&from=${from}`
          )
          const since = new Date(now - 30 * DAY).toISOString()
          const history = await getJson<{ data: { count: number }[] }>(
            `${address}/v1/basis/history?instrument=${instrument}&resolution=1h&from=${since}&limit=5000`
          )
          const filled = history.data.filter(({ count }) => count > 0).length
          return realised.data.coverage === 1 && realised.data.settlements >= 360 && filled >= 719 ? true : undefined
        },
        150_000,
        LONG_LIST_EVERY_MS
      )
    }
  })

  await t.test('the key that the demo prints may write, and a wrong one may not even read', async () => {
    const headers = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } })
    assert.equal((await fetch(`${address}/v1/venues`, headers(key))).status, 200)
    assert.equal((await fetch(`${address}/v1/venues`, headers('ctg_wrong'))).status, 401)
  })

  await t.test('kill -9 at three moments: what is stored is whole, what is missing is a gap', async () => {
    for (const afterMs of [0, 333, 777]) {
      await new Promise((resolve) => setTimeout(resolve, afterMs))
      await service.end('SIGKILL')
      await assertSound()
      ;({ service, address, key } = await startDemo())
      await eventually(
        'the stop is a gap',
        async () => {
          const { data } = await getJson<{ data: { reason: string }[] }>(`${address}/v1/gaps?venue=bybit&limit=5000`)
          return data.some(({ reason }) => reason === 'not_polled' || reason === 'lease_lapsed') ? true : undefined
        },
        90_000,
        LONG_LIST_EVERY_MS
      )
    }
    await assertSound()
  })

  await t.test(
    'kill -9 of PostgreSQL: the same process serves and collects again, and nothing that was told is lost',
    async () => {
      const tickOf = async () =>
        (await getJson<{ data: { job: string; lastTickAt: string }[] }>(`${address}/v1/jobs`)).data
          // On a busy machine one venue may be left alone for a while, as slow as it is.
          .flatMap(({ job, lastTickAt }) => (job === 'derive' ? [lastTickAt] : []))
          .reduce((latest, at) => (at > latest ? at : latest), '')
      for (let kills = 0; kills < 2; kills += 1) {
        const server = await describeEmbedded(dataDir)
        process.kill(server!.pid!, 'SIGKILL')
        // Its children answer for a moment longer.
        await eventually('another one runs', async () => {
          const { running, pid } = (await describeEmbedded(dataDir))!
          return running && pid !== server!.pid ? true : undefined
        })
        const before = await eventually('it is asked', async () => (await tickOf()) || undefined)
        // A busy machine takes its time.
        const after = await eventually(
          'a later tick is derived',
          async () => ((await tickOf()) > before ? true : undefined),
          90_000
        )
        assert.ok(after)
        // A tick is claimed before its board is written; until then the board of before the kill is all there is.
        await eventually('it is ready', async () => ((await fetch(`${address}/readyz`)).ok ? true : undefined), 60_000)
      }
      assert.equal(service.child.exitCode, null)
      await assertSound()
    }
  )

  await t.test('SIGTERM ends it in order', async () => {
    const code = await service.end('SIGTERM')
    assert.equal(code, 0, service.output().slice(-2_000))
    await assertSound()
  })
})
