import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidInputError } from '../../src/errors.ts'
import { parseInstruments, readInstrumentsFile } from '../../src/imports/instruments-file.ts'

function problemsOf(text: string): string[] {
  try {
    parseInstruments(text)
  } catch (error) {
    assert.ok(error instanceof InvalidInputError)
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
  throw new Error('the file was taken')
}

test('a file is read as what a human has said of each instrument', () => {
  const text = `{ "instruments": [
    { "instrument": "bybit:NEIRO/USDT:USDT", "asset": "NEIROETH", "note": "not the one of Binance" },
    { "instrument": "krakenfutures:POL/USD:USD", "renamedFrom": "kraken:MATIC/USD:USD" },
    { "instrument": "binance:1000SATS/USDT", "asset": "SATS", "multiplier": 1000, "assetClass": "crypto" }
  ] }`
  const none = { asset: null, assetClass: null, multiplier: null, renamedFrom: null, note: null }
  assert.deepEqual(parseInstruments(text), [
    { ...none, key: 'bybit:NEIRO/USDT:USDT', asset: 'NEIROETH', note: 'not the one of Binance' },
    { ...none, key: 'kraken:POL/USD:USD', renamedFrom: 'kraken:MATIC/USD:USD' },
    { ...none, key: 'binance:1000SATS/USDT', asset: 'SATS', multiplier: '1000', assetClass: 'crypto' }
  ])
})

test('every problem is named with its line and field, all at once', () => {
  const text = `{
  "instruments": [
    { "instrument": "bybit:NEIRO/USDT:USDT", "asset": "neiro" },
    {
      "instrument": "BTCUSDT",
      "multiplier": -10,
      "assetClass": "share",
      "tikcer": "X"
    },
    { "asset": "{\\"[" },
    { "instrument": "okx:NEW/USDT:USDT",
      "renamedFrom": "bybit:OLD/USDT:USDT" },
    7
  ]
}`
  assert.deepEqual(problemsOf(text), [
    'INSTRUMENTS_FILE line 3: instruments[0].asset: expected a ticker of capital letters and digits, such as PEPE; was "neiro"',
    'INSTRUMENTS_FILE line 5: instruments[1].instrument: expected an instrument id such as bybit:NEIRO/USDT:USDT; was "BTCUSDT"',
    'INSTRUMENTS_FILE line 6: instruments[1].multiplier: expected a number above 0, or a text of one; was -10',
    'INSTRUMENTS_FILE line 7: instruments[1].assetClass: expected one of crypto, stock, commodity, forex, bond, index, other; was "share"',
    'INSTRUMENTS_FILE line 8: instruments[1].tikcer: unknown field; known are instrument, asset, assetClass, multiplier, renamedFrom, note',
    'INSTRUMENTS_FILE line 10: instruments[2].asset: expected a ticker of capital letters and digits, such as PEPE; was "{\\"["',
    'INSTRUMENTS_FILE line 10: instruments[2].instrument: is missing',
    'INSTRUMENTS_FILE line 12: instruments[3].renamedFrom: expected the id of another instrument of the same venue',
    'INSTRUMENTS_FILE line 1: instruments[4]: expected an object'
  ])
})

test('an instrument said twice, and an old name given to two, are refused', () => {
  const text = `{ "instruments": [
    { "instrument": "kraken:A/USD:USD", "renamedFrom": "kraken:O/USD:USD" },
    { "instrument": "krakenfutures:A/USD:USD", "asset": "B" },
    { "instrument": "kraken:B/USD:USD", "renamedFrom": "kraken:O/USD:USD" }
  ] }`
  assert.deepEqual(problemsOf(text), [
    'INSTRUMENTS_FILE line 3: instruments[1].instrument: kraken:A/USD:USD is there already, on line 2',
    'INSTRUMENTS_FILE line 4: instruments[2].renamedFrom: kraken:O/USD:USD is there already, on line 2'
  ])
})

test('what is no such file says so', async () => {
  const broken = (text: string, line: number) =>
    assert.match(problemsOf(text)[0]!, new RegExp(`^INSTRUMENTS_FILE line ${line}: `))
  broken('{ "instruments": [ }', 1)
  broken('{\n "instruments": [\n  { "instrument": "a" "asset": "B" },\n  { "note": "x" }\n]\n}', 3)
  broken('{\n "instruments": [\n  { "note": "x" },\n  { note: 7 }\n]\n}', 4)
  broken('{\n "instruments": [\n', 3)
  for (const text of ['[]', '{}', '{"instruments":{}}', '{"instruments":[],"more":1}', 'null']) {
    assert.match(problemsOf(text)[0]!, /expected an object with one field, instruments/)
  }
  assert.deepEqual(parseInstruments('{"instruments":[]}'), [])
  await assert.rejects(readInstrumentsFile('/nowhere/at/all.json'), /INSTRUMENTS_FILE: cannot be read: ENOENT/)
})
