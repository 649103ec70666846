import type { SignalType } from '../domain/signal.ts'
import type { Database, Transaction } from './database.ts'
import { StaleClaimError } from './ticks.ts'

/** Notes in the transaction of the settlements that signals must look at an instrument again, from the oldest of them on. */
export async function markSettlements(
  client: Pick<Database, 'query'>,
  instrumentId: number,
  fromMs: number
): Promise<void> {
  await client.query(
    `insert into signal_progress as p (instrument_id, type, due_from, marks, priority, updated_at)
     select $1, 'funding_regime', $2, 1, coalesce((select open_interest_usd from market_latest where instrument_id = $1), 0)::float8, now()
     on conflict (instrument_id, spot_id, type) do update
       set due_from = least(p.due_from, excluded.due_from), marks = p.marks + 1, priority = excluded.priority, updated_at = now()`,
    [instrumentId, new Date(fromMs)]
  )
}

/** One instrument's evaluation in our hands. A commit counts only while `epoch` is still the row's. */
export type EvaluationClaim = {
  readonly instrumentId: number
  readonly type: SignalType
  /** The oldest fact to look at; `-Infinity`: all there is. */
  readonly dueFrom: number
  readonly marks: number
  /** The last observation evaluated; null: none ever was. */
  readonly evaluatedTo: number | null
  /** What it was evaluated with. */
  readonly parameters: string | null
  /** Under which activation it is evaluated now. */
  readonly activation: number
  readonly epoch: number
}

type Progress = {
  instrument_id: number
  due_from: Date | number
  marks: number
  evaluated_to: Date | null
  parameters: string | null
  activation: number
  epoch: number
}

const ACTIVATION = 'from signal_activation where type = $1 order by number desc limit 1'

/**
 * Claims the largest instrument that is due, if these parameters are in force. The index hands out what is due in this order, so that
 * the number of instruments does not show. What is under quarantine waits until it is known what it is.
 * While its past is fetched for the first time, newest first, an instrument waits, and so it does
 * while what is newest is being fetched and there may still be a hole before it.
 */
export async function claimEvaluation(
  db: Database,
  { type, parameters, holder, leaseMs }: { type: SignalType; parameters: string; holder: string; leaseMs: number }
): Promise<EvaluationClaim | undefined> {
  const { rows } = await db.query<Progress>(
    `update signal_progress set epoch = epoch + 1, holder = $3, lease_until = now() + $4 * interval '1 millisecond', updated_at = now()
     where (instrument_id, spot_id, type) in (
       select p.instrument_id, p.spot_id, p.type from signal_progress p
         left join backfill b on b.instrument_id = p.instrument_id and b.fact = 'settlement'
       where p.type = $1 and p.priority is not null and (p.lease_until is null or p.lease_until < now())
         and $2 = (select parameters ${ACTIVATION})
         and not exists (select 1 from identity_check q where q.instrument_id = p.instrument_id and q.state = 'quarantined')
         and (p.evaluated_to is not null or b.instrument_id is null or b.done_from <= b.wanted_from)
         and (b.state is null or b.state = 'done'
           or not exists (select 1 from settlement s where s.instrument_id = p.instrument_id and s.settled_at > b.done_to))
       order by p.priority desc, p.instrument_id limit 1 for update of p skip locked)
     returning instrument_id, due_from, marks, evaluated_to, parameters, epoch, (select number ${ACTIVATION}) as activation`,
    [type, parameters, holder, leaseMs]
  )
  const row = rows[0]
  return (
    row && {
      instrumentId: row.instrument_id,
      type,
      dueFrom: Number(row.due_from),
      marks: row.marks,
      evaluatedTo: row.evaluated_to?.getTime() ?? null,
      parameters: row.parameters,
      activation: row.activation,
      epoch: row.epoch
    }
  )
}

/**
 * Ends an evaluation inside the transaction that writes what came of it; throws StaleClaimError when the claim is no longer ours.
 * What was marked since stays due, and so does all when other parameters came into force meanwhile.
 */
export async function finishEvaluation(
  client: Transaction,
  { instrumentId, type, marks, epoch }: EvaluationClaim,
  { evaluatedTo, parameters }: { readonly evaluatedTo: number | null; readonly parameters: string }
): Promise<void> {
  const isOver = `p.marks = $4 and $6 = (select parameters ${ACTIVATION})`
  const { rows } = await client.query(
    `update signal_progress p set due_from = case when ${isOver} then null else p.due_from end,
       priority = case when ${isOver} then null else p.priority end, evaluated_to = $5, parameters = $6,
       holder = null, lease_until = null, updated_at = now()
     where p.instrument_id = $2 and p.spot_id = 0 and p.type = $1 and p.epoch = $3 returning 1`,
    [type, instrumentId, epoch, marks, evaluatedTo === null ? null : new Date(evaluatedTo), parameters]
  )
  if (rows.length === 0) throw new StaleClaimError(`${type} of instrument ${instrumentId} is no longer ours`)
}

/** Makes instruments due again although nothing came: silence and delisting are news as well. */
export async function markQuiet(db: Database, type: SignalType, instrumentIds: readonly number[]): Promise<void> {
  await db.query(
    `update signal_progress set due_from = coalesce(least(due_from, evaluated_to), '-infinity'), marks = marks + 1,
       priority = coalesce(priority, 0), updated_at = now()
     where type = $1 and spot_id = 0 and instrument_id = any ($2)`,
    [type, instrumentIds]
  )
}
