import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDecimal } from '../../src/domain/decimal.ts'
import { liquidationAmounts, positionClosedBy } from '../../src/domain/liquidation.ts'

const decimal = (text: string) => parseDecimal(text)!

test('coins are worth their price, dollars of an inverse contract are coins through it', () => {
  assert.deepEqual(liquidationAmounts(decimal('64000'), decimal('0.5'), 'base'), { base: '0.5', quote: '32000' })
  assert.deepEqual(liquidationAmounts(decimal('64000'), decimal('32000'), 'quote'), { base: '0.5', quote: '32000' })
})

test('selling closes a long position, buying a short one, and no side tells nothing', () => {
  assert.deepEqual(['sell', 'buy', undefined, 'SELL'].map(positionClosedBy), ['long', 'short', 'unknown', 'unknown'])
})
