import { DAY, floorTo, HOUR, MINUTE } from '../../src/domain/time.ts'
import { pollDepth } from '../../src/jobs/depth.ts'
import { evaluateNext } from '../../src/jobs/evaluate.ts'
import { fetchPast } from '../../src/jobs/history.ts'
import { pollOpenInterest } from '../../src/jobs/open-interest.ts'
import { regimeParameters, TYPE } from '../../src/jobs/regime-walk.ts'
import { requestBackfill } from '../../src/store/backfill.ts'
import { listInstruments } from '../../src/store/instruments.ts'
import { ensurePartitions } from '../../src/store/partitions.ts'
import { activate } from '../../src/store/signal-activations.ts'
import { silentLog, testConfig } from '../support/line.ts'
import type { Rig } from './rig.ts'

/** So many of the largest contracts of each venue, with their spot legs, have their books looked at. */
const BOOKS = { contracts: 4, everyMs: MINUTE }
/** Days of settlements before the rig's now. */
const PAST_DAYS = 100
const never = new AbortController().signal

/** What live processes do beside the polls: books are looked at, settlements followed, and the funding regimes of both evaluated. */
export async function openFollowed(rig: Rig) {
  const { db, clock, line } = rig
  const venues = Object.values(line.venues)
  const tickAt = () => floorTo(clock.now(), MINUTE)
  // One settlement is enough to open a regime, and one to end it.
  const { fundingRegime } = testConfig({ FUNDING_REGIME_PERSIST_HOURS: '1' })
  const regimes = { db, clock, log: silentLog, holder: 'test', fundingRegime }
  const past = { ...line.deps, log: silentLog, leaseMs: MINUTE, takeTurn: async () => {} }
  await activate(db, TYPE, regimeParameters(fundingRegime))
  const instruments = await listInstruments(db)
  const perpetuals = instruments.filter(({ tracked, kind }) => tracked && kind === 'perpetual')
  const wantedFrom = floorTo(clock.now(), DAY) - PAST_DAYS * DAY
  await requestBackfill(
    db,
    perpetuals.map(({ id }) => ({ instrumentId: id, fact: 'settlement', wantedFrom, priority: 1 }))
  )
  return {
    perpetuals,
    sizes: async () => {
      for (const venue of venues) await pollOpenInterest(line.deps, venue, tickAt(), never)
    },
    books: async () => {
      const looks = venues.map((venue) => pollDepth({ ...line.deps, depth: BOOKS }, venue, tickAt(), never))
      await Promise.all(looks)
    },
    /** Every settlement that is due to be asked for, and what follows from those that came. */
    settlements: async () => {
      await Promise.all(
        venues.map(async ({ adapter, client }) => {
          while (await fetchPast(past, { adapter, client, instruments }, never)) {}
        })
      )
      while (await evaluateNext(regimes)) {}
    }
  }
}

/** The last books as if they, and no others, had been looked at every ten minutes of the day before, each `times` as deep. */
export async function bookTheDayBefore({ db, clock }: Rig, times: number): Promise<void> {
  const today = floorTo(clock.now(), DAY)
  await db.query('delete from depth_snapshot where epoch = 0')
  await ensurePartitions(db, 'depth_snapshot', [today - DAY], clock.now())
  await db.query(
    `insert into depth_snapshot select r.*
     from (select *, row_number() over (partition by instrument_id order by tick_at desc) as place from depth_snapshot
       where bid_depth_10 is not null) l
     cross join generate_series($1::timestamptz, $2::timestamptz, interval '50 minutes') g (at)
     cross join lateral jsonb_populate_record(null::depth_snapshot, to_jsonb(l) || jsonb_build_object(
       'tick_at', g.at + l.place * interval '10 minutes', 'epoch', 0,
       'bid_depth_10', l.bid_depth_10 * $3, 'ask_depth_10', l.ask_depth_10 * $3)) r
     where l.place <= 5 on conflict do nothing`,
    [new Date(today - DAY), new Date(today - HOUR), times]
  )
}
