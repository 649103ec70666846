import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BoardRow } from '../../src/domain/board-row.ts'
import { floorTo } from '../../src/domain/time.ts'
import { openRig, POLL_MS, type Rig } from './rig.ts'
import { SCENARIOS, type Scenario } from './table.ts'
import { assertNoWrongNumbers } from './wrong-numbers.ts'

let rig: Rig
const tickAt = () => floorTo(rig.clock.now(), POLL_MS)

test('whatever one venue does, it says so, keeps no wrong number and recovers, and the other goes on', async (t) => {
  await using own = await openRig()
  rig = own
  await rig.tick()
  for (const scenario of SCENARIOS) await t.test(scenario.name, () => run(scenario))
})

async function run(scenario: Scenario): Promise<void> {
  try {
    await suffer(scenario)
  } catch (error) {
    // The next fault meets venues that are well, whatever became of this one.
    await rig.setFaults([])
    const { bannedUntil } = await rig.venue(scenario.venue ?? 'bybit')
    await rig.tick(bannedUntil === null ? undefined : bannedUntil + POLL_MS)
    await rig.tick()
    throw error
  }
}

async function suffer({
  name,
  venue = 'bybit',
  rules,
  polls = 1,
  state,
  reason,
  gaps,
  isSuccess,
  awaySeconds
}: Scenario) {
  const other = venue === 'bybit' ? 'binance' : 'bybit'
  await rig.setFaults(rules.map((rule) => ({ kind: '', ...rule, venue })))
  const from = rig.clock.now()
  for (let poll = 1; poll <= polls; poll += 1) {
    const outcomes = await rig.tick()
    assert.deepEqual(outcomes[other], { isSuccess: true })
    await assertComplete(other)
    await assertNoWrongNumbers(rig, venue, tickAt(), `${name}, poll ${poll}`)
    if (poll === polls) assert.deepEqual(outcomes[venue], { isSuccess })
  }
  assert.ok((await rig.injected()) > 0, 'no fault was injected')
  const said = await rig.venue(venue)
  assert.equal(said.state, state, said.reason ?? '')
  if (reason === null) assert.equal(said.reason, null)
  else assert.match(said.reason ?? '', reason)
  await assertGaps(venue, from, gaps)
  await rig.setFaults([])
  if (awaySeconds !== undefined) await assertLeftAlone(venue, from, awaySeconds)
  await assertRecovered(venue, said.bannedUntil)
}

/** Every instrument of a healthy venue has its row of this poll. */
async function assertComplete(venue: string): Promise<void> {
  const { stored, followed } = await complete(venue)
  assert.equal(stored, followed)
}

async function complete(venue: string) {
  const { rows } = await rig.db.query<{ n: number }>(
    `select count(*) as n from market_snapshot s join instrument i on i.id = s.instrument_id
     where i.venue_id = $1 and s.tick_at = $2 and s.bid is not null`,
    [venue, new Date(tickAt())]
  )
  const [stored, followed] = [Number(rows[0]!.n), rig.line.venues[venue]!.instruments.size]
  return { stored, followed, isComplete: stored === followed }
}

async function assertGaps(venue: string, from: number, expected: RegExp | null): Promise<void> {
  const { rows } = await rig.db.query<{ reason: string }>(
    'select distinct reason from gap where venue_id = $1 and to_at > $2 order by 1',
    [venue, new Date(floorTo(from, POLL_MS) + POLL_MS)]
  )
  const reasons = rows.map(({ reason }) => reason)
  if (expected === null) return assert.deepEqual(reasons, [])
  assert.ok(reasons.length > 0 && reasons.every((reason) => expected.test(reason)), `gaps: ${reasons.join(', ')}`)
}

async function assertLeftAlone(venue: string, from: number, seconds: number): Promise<void> {
  const { bannedUntil } = await rig.venue(venue)
  const awayMs = bannedUntil! - from - POLL_MS
  assert.ok(Math.abs(awayMs / 1_000 - seconds) <= POLL_MS / 1_000, `away for ${awayMs} ms`)
  await rig.tick(bannedUntil! - POLL_MS)
  const asked = (await rig.requests(rig.clock.now())).filter((request) => request.venue === venue)
  assert.deepEqual(asked, [], 'asked inside the ban')
}

/** Within a poll or two of the end of the fault all is as it was, without a restart. */
async function assertRecovered(venue: string, bannedUntil: number | null): Promise<void> {
  await rig.tick(bannedUntil === null ? undefined : bannedUntil + POLL_MS)
  if (!(await isRecovered(venue))) await rig.tick()
  await assertComplete(venue)
  assert.deepEqual(await rig.venue(venue), WELL)
  const rows = await rig.board(venue)
  const signal = signalRows(rows)
  assert.ok(signal > 0 && signal >= rows.length / 2, `${signal} of ${rows.length} rows are good for a signal`)
  assert.ok(rows.every(isPriced))
}

const WELL = { state: 'up', reason: null, bannedUntil: null }
const signalRows = (rows: readonly BoardRow[]) => rows.filter(({ grade }) => grade === 'signal').length
const isPriced = ({ kind, fundingRate }: BoardRow) => kind !== 'perpetual' || fundingRate !== null

async function isRecovered(venue: string): Promise<boolean> {
  const rows = await rig.board(venue)
  const isWell = (await rig.venue(venue)).state === WELL.state && (await complete(venue)).isComplete
  return isWell && rows.every(isPriced) && signalRows(rows) >= rows.length / 2
}
