import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FlowAnswer, readFlow } from '../../src/venues/flow.ts'

const MINUTE = 60_000
const NOW_MS = Date.UTC(2026, 5, 15, 12, 3)
const START_MS = NOW_MS - 3 * MINUTE
const answer = (said: Partial<FlowAnswer>): FlowAnswer => ({
  symbol: 'BTC/USDT:USDT',
  ratios: [],
  taker: null,
  ...said
})
const taker = [
  { timestamp: START_MS - 5 * MINUTE, buy: '30', sell: '10' },
  { timestamp: START_MS, buy: '1', sell: '9' },
  { timestamp: START_MS - 10 * MINUTE, buy: '5', sell: '5' }
]
const flow = (said: Partial<FlowAnswer>) => {
  const read = readFlow(answer(said), NOW_MS)
  assert.ok('windowMs' in read, JSON.stringify(read))
  return read
}

test('taker volume is of the newest window that is over, wherever its row stands', () => {
  const { takerBuy, takerSell, takerAt } = flow({ taker })
  assert.deepEqual([takerBuy, takerSell, takerAt], ['30', '10', START_MS - 5 * MINUTE])
})

test('the ratio of accounts is made of the shares where they are told, else it is the venue’s own', () => {
  const timestamp = START_MS
  // Binance's own sample says 0.1960 beside shares of 1.96.
  const binance = { timestamp, longShortRatio: '0.1960', info: { longAccount: '0.6622', shortAccount: '0.3378' } }
  assert.ok(Math.abs(Number(flow({ ratios: [binance] }).longShortRatio) - 0.6622 / 0.3378) < 1e-9)
  const bybit = { timestamp, longShortRatio: '1.368', info: { buyRatio: '0.5777', sellRatio: '0.4223' } }
  assert.ok(Math.abs(Number(flow({ ratios: [bybit] }).longShortRatio) - 0.5777 / 0.4223) < 1e-9)
  const okx = [
    { timestamp: timestamp - 5 * MINUTE, longShortRatio: '0.9', info: {} },
    { timestamp, longShortRatio: '1.25', info: { longShortRatio: '1.25' } }
  ]
  assert.deepEqual([flow({ ratios: okx }).longShortRatio, flow({ ratios: okx }).longShortAt], ['1.25', timestamp])
})

test('garbage, stamps of 1970 and of the future are no flow; nothing traded is zero', () => {
  const bad = [
    { timestamp: 0, longShortRatio: '1' },
    { timestamp: NOW_MS + 60 * MINUTE, longShortRatio: '1' },
    { timestamp: START_MS, longShortRatio: 'NaN' }
  ]
  const refused = readFlow(answer({ ratios: bad, taker: [{ timestamp: 'x', buy: '1', sell: '1' }] }), NOW_MS)
  assert.deepEqual(refused, { symbol: 'BTC/USDT:USDT', reason: 'flow_unusable' })
  const quiet = flow({ taker: [{ timestamp: START_MS - 5 * MINUTE, buy: '0', sell: '0' }] })
  assert.deepEqual([quiet.takerBuy, quiet.takerSell, quiet.longShortRatio], ['0', '0', null])
})
