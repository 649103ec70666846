import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contractRuleOf, fairDeadband } from '../../src/domain/fair-premium.ts'

test('Binance takes no interest of its own coin, so its perpetual rests at nothing and is fair elsewhere', () => {
  const [bnb, btc] = ['BNB', 'BTC'].map((base) => contractRuleOf({ venue: 'binance', base })!)
  assert.deepEqual([bnb!.interest8h, btc!.interest8h], [0, 0.0001])
  assert.equal(contractRuleOf({ venue: 'bybit', base: 'BNB' })!.interest8h, 0.0001)
  // 5 % a year is between the two interests: above the one, below the other.
  const rates = { rQuote: 0.05, rBase: 0 }
  const [high, low] = [bnb!, btc!].map((rule) => fairDeadband({ ...rates, ...rule }).fairLowBps!)
  assert.ok(high! > 0 && low! < 0)
})
