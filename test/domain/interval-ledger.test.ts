import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  changesIn,
  declareInterval,
  intervalInForce,
  type LedgerEntry,
  observeIntervals
} from '../../src/domain/interval-ledger.ts'
import { HOUR, MINUTE } from '../../src/domain/time.ts'

const START = Date.UTC(2026, 0, 1)
const at = (hour: number) => START + hour * HOUR

/** The ledger after what has been added to it. */
function withEntries(ledger: readonly LedgerEntry[], ...added: readonly LedgerEntry[]): LedgerEntry[] {
  const newest = new Map(ledger.map((entry) => [entry.effectiveFrom, entry]))
  for (const entry of added) {
    assert.equal(entry.revision, (newest.get(entry.effectiveFrom)?.revision ?? -1) + 1, 'no revision is left out')
    newest.set(entry.effectiveFrom, entry)
  }
  return [...newest.values()].sort((a, b) => a.effectiveFrom - b.effectiveFrom)
}

/** What the venue says at an hour: its interval, and when it settles next. */
function declare(ledger: readonly LedgerEntry[], hour: number, hours: number, next: number, newest: number | null) {
  const said = { hours, observedAt: at(hour), nextSettlementAt: at(next) }
  const entry = declareInterval(ledger, said, newest === null ? null : at(newest))
  return entry === undefined ? [...ledger] : withEntries(ledger, entry)
}

const observe = (ledger: readonly LedgerEntry[], periods: readonly (readonly [hour: number, hours: number])[]) =>
  withEntries(
    ledger,
    ...observeIntervals(
      ledger,
      periods.map(([hour, intervalHours]) => ({ settledAt: at(hour), intervalHours }))
    )
  )

const shown = (ledger: readonly LedgerEntry[]) =>
  changesIn(ledger).map(({ entry, previousHours }) => [
    (entry.effectiveFrom - START) / HOUR,
    previousHours,
    entry.hours,
    entry.source
  ])

test('what is declared again and again is one entry, and a change is another, from its period on', () => {
  let ledger = declare([], 1, 8, 8, 0)
  ledger = declare(ledger, 2, 8, 8, 0)
  assert.deepEqual(shown(ledger), [[0, null, 8, 'declared']])
  ledger = declare(ledger, 9, 4, 12, 8)
  assert.deepEqual(shown(ledger), [
    [0, null, 8, 'declared'],
    [8, 8, 4, 'declared']
  ])
})

test('a change that is announced is none before its period has begun', () => {
  const ledger = declare([], 1, 8, 8, 0)
  // At 09:00, 4 h is declared, and the next settlement is still at 16:00: the first period of 4 h begins at 12:00.
  assert.deepEqual(declare(ledger, 9, 4, 16, 8), ledger)
  // 8 h is declared at 05:00 of a contract that settled at 04:00: the running period cannot be of that length.
  const hourly = declare([], 1, 4, 4, 0)
  assert.deepEqual(declare(hourly, 5, 8, 8, 4), hourly)
  assert.deepEqual(shown(declare(hourly, 9, 8, 16, 8)), [
    [0, null, 4, 'declared'],
    [8, 4, 8, 'declared']
  ])
})

test('a change that is declared and then settles is one change, and so is one that settles before it is declared', () => {
  const before = declare([], 1, 8, 8, 0)
  const declared = observe(declare(before, 9, 4, 12, 8), [
    [0, 8],
    [8, 8],
    [12, 4]
  ])
  const observed = declare(
    observe(before, [
      [0, 8],
      [8, 8],
      [12, 4]
    ]),
    13,
    4,
    16,
    12
  )
  for (const [ledger, source] of [
    [declared, 'declared'],
    [observed, 'observed']
  ] as const) {
    const changes = changesIn(ledger)
    assert.deepEqual(shown(ledger).at(-1), [8, 8, 4, source])
    assert.equal(changes.length, 2)
    assert.ok(changes.at(-1)!.entry.declaredAt !== null && changes.at(-1)!.entry.settledFrom === at(8))
  }
})

test('a venue that goes on declaring the old interval does not undo what settlements show', () => {
  let ledger = declare([], 1, 8, 8, 0)
  ledger = observe(ledger, [
    [8, 8],
    [9, 1],
    [10, 1]
  ])
  assert.equal(intervalInForce(ledger), 1)
  assert.deepEqual(declare(ledger, 10.2, 8, 16, 10), ledger)
})

test('a change that turns out to be a hole that was filled is taken back, and one that moves is one change', () => {
  const holed = observe(
    [],
    [
      [0, 4],
      [4, 4],
      [12, 8],
      [20, 8],
      [24, 4],
      [28, 4]
    ]
  )
  assert.equal(changesIn(holed).length, 3)
  const every4h = Array.from({ length: 8 }, (_, index) => [index * 4, 4] as const)
  assert.deepEqual(shown(observe(holed, every4h)), [[-4, null, 4, 'observed']])
  const later = observe(
    observe(
      [],
      [
        [0, 8],
        [8, 8],
        [12, 4],
        [16, 4],
        [20, 4]
      ]
    ),
    [
      [0, 8],
      [8, 8],
      [16, 8],
      [20, 4],
      [24, 4]
    ]
  )
  assert.deepEqual(shown(later), [
    [-8, null, 8, 'observed'],
    [16, 8, 4, 'observed']
  ])
})

test('a past that comes newest first, page by page, ends in the ledger that it would make at once', () => {
  const runs = fc.array(fc.tuple(fc.constantFrom(1, 2, 4, 8), fc.integer({ min: 3, max: 9 })), {
    minLength: 1,
    maxLength: 5
  })
  fc.assert(
    fc.property(runs, fc.integer({ min: 4, max: 12 }), (stretches, pageRows) => {
      let hour = 0
      const periods = stretches.flatMap(([hours, count]) =>
        Array.from({ length: count }, () => {
          hour += hours
          return [hour, hours] as const
        })
      )
      const atOnce = observe([], periods)
      let paged: LedgerEntry[] = []
      for (let end = periods.length; end > 0; end -= pageRows) {
        // What is stored around a page is looked at with it.
        paged = observe(paged, periods.slice(Math.max(0, end - pageRows - 2)))
      }
      const changes = (ledger: readonly LedgerEntry[]) => shown(ledger).slice(1)
      assert.deepEqual(changes(paged), changes(atOnce))
      assert.deepEqual(
        observeIntervals(
          atOnce,
          periods.map(([h, hours]) => ({ settledAt: at(h), intervalHours: hours }))
        ),
        []
      )
      assert.equal(
        changes(atOnce).length,
        stretches.filter(([h], index) => index > 0 && stretches[index - 1]![0] !== h).length
      )
    })
  )
})

test('stamps a minute late do not make a declared change wait', () => {
  const ledger = declare([], 1, 8, 8, 0)
  const entry = declareInterval(
    ledger,
    { hours: 4, observedAt: at(8) + 5 * MINUTE, nextSettlementAt: at(12) },
    at(8) + MINUTE / 2
  )
  assert.equal(entry?.hours, 4)
})
