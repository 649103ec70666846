import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filterField } from '../../src/contract/event-filter.ts'
import { readBody } from '../../src/contract/read-body.ts'
import { isWanted } from '../../src/webhooks/filter.ts'

const event = {
  eventType: 'signal.opened',
  subscriptionId: null,
  asset: 'BTC',
  venue: 'okx',
  kind: 'perpetual',
  type: 'funding_regime',
  label: 'OVERHEATED'
}
const wish = (filter: object, events = ['signal.opened']) => ({ id: 'sub_1', events, filter })

test('every word must hold, by one of its values; a word that is left out lets everything through', () => {
  assert.ok(isWanted(wish({}), event))
  assert.ok(isWanted(wish({ asset: ['ETH', 'BTC'], venue: ['okx'] }), event))
  for (const word of ['asset', 'venue', 'kind', 'type', 'label'] as const) {
    assert.ok(isWanted(wish({ [word]: [event[word]] }), event), word)
    assert.equal(isWanted(wish({ [word]: ['other'] }), event), false, word)
    assert.equal(isWanted(wish({ [word]: [event[word]] }), { ...event, [word]: null }), false, word)
  }
  assert.equal(isWanted(wish({}, ['signal.closed']), event), false)
})

test('an event for one subscription goes to it and to nobody else', () => {
  assert.ok(isWanted(wish({ asset: ['ETH'] }, []), { ...event, subscriptionId: 'sub_1' }))
  assert.equal(isWanted(wish({}), { ...event, subscriptionId: 'sub_2' }), false)
})

test('a filter is read with every problem named, and the nearest word suggested', () => {
  const read = (filter: unknown) => readBody({ filter: filterField }, { filter })
  assert.deepEqual(read({ asset: 'BTC, ETH', kind: ['future'] }), {
    isUsable: true,
    values: { filter: { asset: ['BTC', 'ETH'], kind: ['future'] } }
  })
  assert.deepEqual(read({ assets: ['BTC'], kind: ['perpetuals'], venue: [], label: [7], zzz: 1 }), {
    isUsable: false,
    problems: [
      { path: 'filter.assets', message: 'unknown field; did you mean asset?' },
      { path: 'filter.zzz', message: 'unknown field; known here: asset, venue, kind, type, label, threshold' },
      { path: 'filter.venue', message: 'expected 1 to 200 texts, such as ["binance"]; was []' },
      { path: 'filter.kind[0]', message: '"perpetuals" is none of perpetual, future; did you mean perpetual?' },
      { path: 'filter.label[0]', message: 'expected a text; was 7' }
    ]
  })
  assert.equal(read(['BTC']).isUsable, false)
  assert.equal(read(JSON.parse('{"__proto__": ["BTC"]}')).isUsable, false)
  assert.equal(read({ toString: ['BTC'] }).isUsable, false)
})

const TOLD = ['signal.opened', 'signal.updated', 'signal.closed']

test('a threshold lets a signal through from its enter on, until it is nearer to neutral than its exit', () => {
  const bounded = wish({ threshold: { enter: 60, exit: 40 } }, TOLD)
  const cheap = { ...event, type: 'basis_dislocation', label: 'CHEAP' }
  const seen = (eventType: string, last: number, peak: number) =>
    isWanted(bounded, { ...cheap, eventType, value: { last, peak } })
  assert.equal(seen('signal.opened', -55, -55), false)
  assert.equal(seen('signal.updated', -62, -62), true)
  assert.equal(seen('signal.updated', -45, -62), true, 'it was beyond, and is not nearer than exit')
  assert.equal(seen('signal.updated', -30, -62), false)
  assert.equal(seen('signal.closed', 5, -62), true, 'what was told of is told to have ended')
  assert.equal(seen('signal.updated', 45, -62), false, 'on the other side it is not beyond')
  assert.equal(seen('signal.closed', 5, -55), false)
  assert.equal(isWanted(bounded, { ...cheap, value: null }), false, 'what has no value is beyond nothing')
})

test('the thinner a book, the further it is from neutral: a threshold lets the thinnest through', () => {
  const bounded = wish({ threshold: { enter: 0.75, exit: 0.5 } }, TOLD)
  const thin = { ...event, type: 'liquidity_thinning', label: 'THIN' }
  const seen = (last: number, peak: number) =>
    isWanted(bounded, { ...thin, eventType: 'signal.updated', value: { last, peak } })
  assert.deepEqual([seen(0.2, 0.2), seen(0.4, 0.2)], [true, true])
  assert.deepEqual([seen(0.4, 0.4), seen(0.6, 0.2), seen(1.6, 0.2)], [false, false, false])
})

test('a crossed threshold, or half of one, is refused by name', () => {
  const read = (threshold: unknown) => readBody({ filter: filterField }, { filter: { threshold } })
  assert.equal(read({ enter: 60, exit: 60 }).isUsable, true)
  const problemsOf = (threshold: unknown) => {
    const reading = read(threshold)
    return reading.isUsable ? [] : reading.problems
  }
  assert.deepEqual(problemsOf({ enter: 60, exit: 61 }), [
    { path: 'filter.threshold.exit', message: 'exit (61) must not be above enter (60)' }
  ])
  assert.deepEqual(
    problemsOf({ enter: 0, exit: 0 }),
    [
      { path: 'filter.threshold.enter', message: 'must be above 0, which is neutral: raise it, or leave out threshold' }
    ],
    'it would let every signal through'
  )
  assert.equal(read({ enter: 60, exit: 0 }).isUsable, true, 'told of as long as it is on its side')
  for (const half of [{ enter: 60 }, { enter: -1, exit: -2 }, { enter: '60', exit: 4 }, 60, null]) {
    assert.match(problemsOf(half)[0]!.message, /enter and exit, both numbers from 0/)
  }
  assert.deepEqual(problemsOf({ enter: 60, exit: 40, exits: 4 }), [
    { path: 'filter.threshold.exits', message: 'unknown field; did you mean exit?' }
  ])
})
