import type { LifecycleMemory } from '../domain/lifecycle.ts'
import type { BucketType } from '../domain/signal-types.ts'
import type { Database, Transaction } from './database.ts'
import type { EvaluationClaim } from './signal-progress.ts'
import { StaleClaimError } from './ticks.ts'

/** What the next evaluation goes on from, by subject; whoever is not in it is idle. */
export type BucketMemories = Readonly<Record<string, LifecycleMemory<string>>>

/** The evaluation of one type of buckets, all of its subjects at once, in our hands. */
export type BucketClaim = EvaluationClaim & { readonly memories: BucketMemories }

const ACTIVATION = 'from signal_activation where type = $1 order by number desc limit 1'

/** Claims a type of buckets when one has closed since it was evaluated last, if these parameters are in force. */
export async function claimBuckets(
  db: Database,
  {
    type,
    parameters,
    closedTo,
    holder,
    leaseMs
  }: { type: BucketType; parameters: string; closedTo: number; holder: string; leaseMs: number }
): Promise<BucketClaim | undefined> {
  await db.query(
    `insert into signal_progress (instrument_id, spot_id, type, updated_at) values (0, 0, $1, now()) on conflict do nothing`,
    [type]
  )
  type Row = {
    marks: number
    evaluated_to: Date | null
    parameters: string | null
    epoch: number
    memory: BucketMemories | null
    activation: number
  }
  const { rows } = await db.query<Row>(
    `update signal_progress set epoch = epoch + 1, holder = $3, lease_until = now() + $4 * interval '1 millisecond', updated_at = now()
     where instrument_id = 0 and spot_id = 0 and type = $1 and (lease_until is null or lease_until < now())
       and (evaluated_to is null or evaluated_to < $5 or parameters is distinct from $2) and $2 = (select parameters ${ACTIVATION})
     returning marks, evaluated_to, parameters, epoch, memory, (select number ${ACTIVATION}) as activation`,
    [type, parameters, holder, leaseMs, new Date(closedTo)]
  )
  const row = rows[0]
  return (
    row && {
      instrumentId: 0,
      type,
      dueFrom: row.evaluated_to?.getTime() ?? Number.NEGATIVE_INFINITY,
      marks: row.marks,
      evaluatedTo: row.evaluated_to?.getTime() ?? null,
      parameters: row.parameters,
      activation: row.activation,
      epoch: row.epoch,
      memories: row.memory ?? {}
    }
  )
}

/** Keeps a claim for so long from now on; throws StaleClaimError when it is no longer ours. */
export async function renewClaim(db: Database, { type, epoch }: BucketClaim, leaseMs: number): Promise<void> {
  const { rows } = await db.query(
    `update signal_progress set lease_until = now() + $3 * interval '1 millisecond'
     where instrument_id = 0 and spot_id = 0 and type = $1 and epoch = $2 returning 1`,
    [type, epoch, leaseMs]
  )
  if (rows.length === 0) throw new StaleClaimError(`the buckets of ${type} are no longer ours`)
}

/** For the transaction that ends the evaluation. */
export async function saveMemories(client: Transaction, type: BucketType, memories: BucketMemories): Promise<void> {
  await client.query('update signal_progress set memory = $2 where instrument_id = 0 and spot_id = 0 and type = $1', [
    type,
    JSON.stringify(memories)
  ])
}
