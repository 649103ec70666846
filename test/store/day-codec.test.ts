import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Cell } from '../../src/store/sealed/column-codec.ts'
import { decodeDay, encodeDay, type Layout } from '../../src/store/sealed/day-codec.ts'

const LAYOUT: Layout = [
  ['tick_at', 'time'],
  ['revision', 'int'],
  ['known_at', 'micros'],
  ['price', 'numeric'],
  ['ratio', 'float'],
  ['source', 'text'],
  ['reasons', 'texts']
]
const START = Date.UTC(2026, 10, 30)
const NAMES = LAYOUT.map(([name]) => name)

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 5 })
const digits = fc.integer({ min: 0, max: 10 ** 9 }).map(String)
const decimal = fc
  .tuple(fc.constantFrom('', '-'), fc.oneof(digits, fc.constant('123456789012345678901234567890')), fc.option(digits))
  .map(
    ([sign, whole, fraction]) =>
      `${/^0*$/.test(whole + (fraction ?? '')) ? '' : sign}${whole}${fraction === null ? '' : `.${fraction}`}`
  )
const time = fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2035, 0) })
const row: fc.Arbitrary<Cell[]> = fc
  .tuple(
    time,
    fc.nat(5),
    time.chain((ms) => fc.nat(999).map((micros) => ms * 1_000 + micros)),
    optional(decimal),
    optional(fc.double({ noNaN: true, noDefaultInfinity: true })),
    optional(fc.string()),
    optional(fc.array(fc.string()))
  )
  .map((cells) => [...cells])

test('a sealed day reads as it was written, whatever is in it: digits, trailing zeros, negative zero, nothing at all', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
      const { count, columns } = decodeDay(encodeDay(LAYOUT, rows), NAMES)
      assert.equal(count, rows.length)
      for (const [index, name] of NAMES.entries()) {
        const written = rows.map((cells) => cells[index])
        assert.deepEqual(columns.get(name), written)
      }
    }),
    { numRuns: 300 }
  )
})

test('a day of ten-second rows fills more memory than any column begins with', () => {
  const rows = Array.from({ length: 8_640 }, (_, tick): Cell[] => [
    ...[START + tick * 10_000, 0, (START + tick * 10_000) * 1_000 + ((tick * 7_919) % 1_000_000)],
    ...[`${60_000 + ((tick * 37) % 1_000) / 100}`, Math.sin(tick), tick % 7 === 0 ? null : 'polled', [`r${tick % 5}`]]
  ])
  const { columns } = decodeDay(encodeDay(LAYOUT, rows), NAMES)
  for (const [index, name] of NAMES.entries()) {
    const written = rows.map((cells) => cells[index])
    assert.deepEqual(columns.get(name), written)
  }
})

test('amounts with a fixed number of decimals keep their zeros, and prices without any get none', () => {
  const column = (values: string[]) =>
    decodeDay(
      encodeDay(
        [LAYOUT[0]!, ['v', 'numeric']],
        values.map((value, tick) => [tick, value])
      ),
      ['v']
    ).columns.get('v')
  for (const values of [
    ['1.50', '20.00', '-0.25'],
    ['1.5', '20', '-0.25'],
    ['1.50', '20'],
    ['0', '0.000', '5']
  ]) {
    assert.deepEqual(column(values), values)
  }
})

test('only the columns that are asked for are read, and one that a day does not have is null throughout', () => {
  const body = encodeDay(LAYOUT, [[1, 0, 1_000, '1', 2, 'polled', []]])
  const { columns } = decodeDay(body, ['ratio', 'of_a_later_version'])
  assert.deepEqual(
    [...columns],
    [
      ['ratio', [2]],
      ['of_a_later_version', [null]]
    ]
  )
})

test('a body that was damaged is refused, not read', () => {
  const body = encodeDay(
    LAYOUT,
    Array.from({ length: 50 }, (_, tick) => [tick, 0, tick * 1_000, String(tick), tick / 7, 'polled', []])
  )
  for (let at = 8; at < body.length; at += 7) {
    const damaged = Buffer.from(body)
    damaged[at] = damaged[at]! ^ 0x55
    assert.throws(() => decodeDay(damaged, NAMES))
  }
})
