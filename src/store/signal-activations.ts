import type { SignalType } from '../domain/signal.ts'
import type { Database } from './database.ts'

/** Which parameters are in force for a type of signal: those that were activated last. */
export type Activation = { readonly number: number; readonly parameters: string }

export async function findActivation(db: Pick<Database, 'query'>, type: SignalType): Promise<Activation | undefined> {
  const { rows } = await db.query<Activation>(
    'select number, parameters from signal_activation where type = $1 order by number desc limit 1',
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
  parameters: string
): Promise<Activation & { readonly isNew: boolean }> {
  for (;;) {
    const current = await findActivation(db, type)
    if (current?.parameters === parameters) return { ...current, isNew: false }
    const number = (current?.number ?? 0) + 1
    if (await tryActivate(db, type, { number, parameters })) return { number, parameters, isNew: true }
  }
}

function tryActivate(db: Database, type: SignalType, { number, parameters }: Activation): Promise<boolean> {
  return db.transaction(async (client) => {
    const { rows } = await client.query(
      `insert into signal_activation (type, number, parameters, activated_at) values ($1, $2, $3, now())
       on conflict (type, number) do nothing returning 1`,
      [type, number, parameters]
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
