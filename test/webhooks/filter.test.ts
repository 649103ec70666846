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
      { path: 'filter.zzz', message: 'unknown field; known here: asset, venue, kind, type, label' },
      { path: 'filter.venue', message: 'expected 1 to 200 texts, such as ["binance"]; was []' },
      { path: 'filter.kind[0]', message: '"perpetuals" is none of perpetual, future; did you mean perpetual?' },
      { path: 'filter.label[0]', message: 'expected a text; was 7' }
    ]
  })
  assert.equal(read(['BTC']).isUsable, false)
  assert.equal(read(JSON.parse('{"__proto__": ["BTC"]}')).isUsable, false)
  assert.equal(read({ toString: ['BTC'] }).isUsable, false)
})
