import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { keepBoard } from '../../src/api/board-cache.ts'
import { openCatalogue } from '../../src/api/catalogue.ts'
import { messagesOf } from '../../src/api/stream/messages.ts'
import { startPulse } from '../../src/api/stream/pulse.ts'
import { streamQuestion } from '../../src/api/stream/question.ts'
import { testDatabase } from '../support/database.ts'
import { boardRow, eventually, manualClock, putOnBoard, type TestApi, testApi } from './fixture.ts'

const PERP = 'binance:BTC/USDT:USDT'
const seed = async (db: TestApi['db']) => {
  await putOnBoard(db, boardRow({ instrument: PERP }))
  await putOnBoard(db, boardRow({ instrument: 'bybit:ETH/USDT:USDT', asset: 'ETH' }))
}

test('a stream whose reader takes nothing for twenty seconds is cut off, one that has nothing to take is not', async () => {
  await using api = await testApi({ seed })
  const stop = new AbortController()
  using _stopped = { [Symbol.dispose]: () => stop.abort() }
  const open = (query: string) => fetch(`${api.url}/v1/stream${query}`, { signal: stop.signal })
  const [slow, quiet] = [await open('?topics=board'), await open('?topics=signals')]
  // Twenty megabytes: more than the sockets between the two hold.
  const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`f${n}`, 'x'.repeat(1_000)]))
  await putOnBoard(api.db, boardRow({ instrument: PERP, absent: wide }))
  const isCut = () => api.lines.filter(({ msg }) => msg === 'stream.stalled').length
  const found = await eventually(
    async () => {
      api.clock.advance(3_000)
      return isCut()
    },
    (count) => count > 0
  )
  assert.equal(found, 1)
  await assert.rejects(async () => {
    for await (const _ of slow.body!);
  })
  const { value } = await quiet.body!.getReader().read()
  assert.match(new TextDecoder().decode(value), /retry/)
})

test('followers who ask the same are sent the same bytes, made once', async () => {
  await using t = await testDatabase()
  await seed(t.db)
  const clock = manualClock()
  const log = pino({ level: 'silent' })
  const sources = { db: t.db, clock, log, catalogue: openCatalogue({ db: t.db, clock }) }
  const board = keepBoard({ ...sources, rhythm: { pollMs: 10_000, openInterestMs: 300_000 } })
  const pulse = startPulse({ ...sources, board })
  const { leave } = await pulse.join()
  const stop = new AbortController()
  const boardOf = async (asset: readonly string[]) => {
    const question = await streamQuestion(sources, { topics: ['board'], asset })
    const messages = messagesOf({ ...sources, pulse }, question, stop.signal)
    await messages.next()
    return (await messages.next()).value
  }
  try {
    const [one, other] = [await boardOf(['BTC', 'ETH']), await boardOf(['ETH', 'BTC'])]
    assert.ok(Buffer.isBuffer(one))
    assert.ok(one === other)
    assert.ok((await boardOf(['BTC'])) !== one)
  } finally {
    stop.abort()
    leave()
    pulse.close()
    await board.close()
  }
})
