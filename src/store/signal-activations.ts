import type { Signal, SignalType } from '../domain/signal.ts'
import type { Database } from './database.ts'

/** Which parameters are in force for a type of signal: those that were activated last. */
export type Activation = {
  readonly number: number
  readonly parameters: string
  /** Null: not kept. */
  readonly parameterSet: Signal['parameterSet'] | null
}

/** Parameters by the hash that is in the ids of their signals. */
export type HashedParameters = { readonly hash: string; readonly set: Signal['parameterSet'] }

export async function findActivation(db: Pick<Database, 'query'>, type: SignalType): Promise<Activation | undefined> {
  const { rows } = await db.query<Activation>(
    'select number, parameters, parameter_set as "parameterSet" from signal_activation where type = $1 order by number desc limit 1',
    [type]
  )
  return rows[0]
}

/**
 * Puts parameters in force, unless they are already; then every instrument is due. Earlier ones that come back are activated again,
 * under a new number. Two who activate different ones at once come one after the other, and the later is in force.
 */
export async function activate(
  db: Database,
  type: SignalType,
  { hash, set }: HashedParameters
): Promise<{ readonly number: number; readonly isNew: boolean }> {
  for (;;) {
    const current = await findActivation(db, type)
    if (current?.parameters === hash) {
      if (current.parameterSet === null) await keepSet(db, type, current.number, set)
      return { number: current.number, isNew: false }
    }
    const number = (current?.number ?? 0) + 1
    if (await tryActivate(db, type, { number, parameters: hash, parameterSet: set })) return { number, isNew: true }
  }
}

async function keepSet(db: Database, type: SignalType, number: number, set: HashedParameters['set']): Promise<void> {
  await db.query('update signal_activation set parameter_set = $3 where type = $1 and number = $2', [
    type,
    number,
    JSON.stringify(set)
  ])
}

function tryActivate(
  db: Database,
  type: SignalType,
  { number, parameters, parameterSet }: Activation
): Promise<boolean> {
  return db.transaction(async (client) => {
    const { rows } = await client.query(
      `insert into signal_activation (type, number, parameters, parameter_set, activated_at) values ($1, $2, $3, $4, now())
       on conflict (type, number) do nothing returning 1`,
      [type, number, parameters, JSON.stringify(parameterSet)]
    )
    if (rows.length === 0) return false
    await client.query(
      `update signal_progress p set due_from = coalesce(least(p.due_from, p.evaluated_to), '-infinity'), marks = p.marks + 1,
         priority = coalesce((select l.open_interest_usd from market_latest l where l.instrument_id = p.instrument_id), 0)::float8,
         updated_at = now()
       where p.type = $1`,
      [type]
    )
    return true
  })
}
