import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countFollowers } from '../../src/api/stream/followers.ts'
import type { Pulse } from '../../src/api/stream/pulse.ts'

test('who could not join holds nobody’s place, however often', async () => {
  let isFailing = true
  let left = 0
  const join = async () => {
    if (isFailing) throw new Error('the board could not be read')
    return { leave: () => (left += 1) }
  }
  const followers = countFollowers({ join, close: () => {} } as unknown as Pulse, { all: 2, perCaller: 1 })
  for (let times = 0; times < 5; times += 1) await assert.rejects(followers.join('somebody'), /could not be read/)
  isFailing = false
  const follower = await followers.join('somebody')
  await assert.rejects(followers.join('somebody'), ({ code }: { code: string }) => code === 'too_many_followers')
  follower.leave()
  follower.leave()
  assert.deepEqual([left, follower.signal.aborted], [1, true])
  const again = await followers.join('somebody')
  again.leave()
})
