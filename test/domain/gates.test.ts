import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDecimal } from '../../src/domain/decimal.ts'
import { GATE_DEFAULTS, type GateContract, type GateLeg, type GateReason, judgeGates } from '../../src/domain/gates.ts'

const NOW = 1_794_124_805_000
const DAY_MS = 86_400_000
const exact = (text: string) => parseDecimal(text)!
const SPOT: GateLeg = { bid: exact('100'), ask: exact('100.01'), ts: NOW, active: true }
const PERP: GateContract = {
  bid: exact('100.1'),
  ask: exact('100.11'),
  ts: NOW,
  active: true,
  listedMs: null,
  expiryMs: null
}

function judge(spot: Partial<GateLeg> | null, perp: Partial<GateContract> | null): GateReason[] {
  const legs = { spot: spot && { ...SPOT, ...spot }, perp: perp && { ...PERP, ...perp } }
  return judgeGates({ nowMs: NOW, ...legs }, GATE_DEFAULTS)
}

test('two fresh, narrow, active books pass', () => {
  assert.deepEqual(judge({}, {}), [])
})

test('each gate finds its own fault and no other', () => {
  const faults: [GateReason, Partial<GateLeg>, Partial<GateContract>][] = [
    ['missing_quote', { bid: null }, {}],
    ['missing_quote', {}, { ask: exact('0') }],
    ['crossed_book', { bid: exact('100.01') }, {}],
    ['crossed_book', {}, { bid: exact('100.2') }],
    ['future_timestamp', { ts: NOW + 1001 }, {}],
    ['leg_skew', {}, { ts: NOW - 2001 }],
    ['wide_spread_spot', { bid: exact('99'), ask: exact('101') }, {}],
    ['wide_spread_perp', {}, { bid: exact('99'), ask: exact('101') }],
    ['inactive_spot', { active: false }, {}],
    ['inactive_perp', {}, { active: false }],
    ['new_listing', {}, { listedMs: NOW - DAY_MS + 1 }],
    ['near_expiry', {}, { expiryMs: NOW + DAY_MS - 1 }],
    ['basis_out_of_range', {}, { bid: exact('121'), ask: exact('121.01') }],
    ['basis_out_of_range', {}, { bid: exact('79'), ask: exact('79.01') }]
  ]
  for (const [reason, spot, perp] of faults) assert.deepEqual(judge(spot, perp), [reason], reason)
  assert.deepEqual(judge({ ts: NOW - 5001 }, { ts: NOW - 5001 }), ['stale_spot', 'stale_perp'])
  assert.deepEqual(judge({ ts: NOW - 5001 }, { ts: NOW - 5000 }), ['stale_spot'])
})

test('a value at its limit passes', () => {
  assert.deepEqual(judge({ ts: NOW - 5000 }, { ts: NOW - 5000 }), [])
  assert.deepEqual(judge({ ts: NOW - 2000 }, {}), [])
  assert.deepEqual(judge({ ts: NOW + 1000 }, {}), [])
  assert.deepEqual(judge({}, { listedMs: NOW - DAY_MS }), [])
  assert.deepEqual(judge({}, { expiryMs: NOW + DAY_MS }), [])
  assert.deepEqual(judge({ bid: exact('99.5'), ask: exact('100.5') }, {}), [])
  assert.deepEqual(judge({ bid: exact('99.9'), ask: exact('100.1') }, { bid: exact('119.9'), ask: exact('120.1') }), [])
})

test('all reasons that apply come in their fixed order', () => {
  const late = { ts: NOW - 60_000, active: false }
  assert.deepEqual(judge(late, { bid: exact('300'), ask: exact('200'), active: false, listedMs: NOW, expiryMs: NOW }), [
    'crossed_book',
    'stale_spot',
    'leg_skew',
    'inactive_spot',
    'inactive_perp',
    'new_listing',
    'near_expiry',
    'basis_out_of_range'
  ])
})

test('a missing book silences what needs it and nothing else', () => {
  assert.deepEqual(judge(null, { active: false }), ['missing_quote', 'inactive_perp'])
  assert.deepEqual(judge(null, null), ['missing_quote'])
  assert.deepEqual(judge({ ask: null, ts: NOW - 9000 }, { bid: exact('99'), ask: exact('101') }), [
    'missing_quote',
    'stale_spot',
    'leg_skew',
    'wide_spread_perp'
  ])
})

test('a leg without a time cannot be fresh', () => {
  assert.deepEqual(judge({ ts: null }, {}), ['stale_spot'])
})
