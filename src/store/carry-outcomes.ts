import type { Quotes } from '../domain/carry-return.ts'
import { decimalToString, parseDecimal } from '../domain/decimal.ts'
import type { BucketSignal } from '../domain/signal.ts'
import { LEFT_WITHIN } from './carry-marks.ts'
import type { Database, Transaction } from './database.ts'
import type { TradedQuotes } from './pair-quotes.ts'
import { SIGNAL_COLUMNS, type SignalRow, signalOf } from './signals.ts'

type Queryable = Pick<Database, 'query'>

/** A carry that is over, and whether its contract settles funding. */
export type DueCarry = { readonly signal: BucketSignal & { readonly closedAt: number }; readonly isPerpetual: boolean }

/**
 * Takes a carry that is due, once the hours in which it could be left are closed: nothing is written into those without a mark. Its row
 * stays locked: what is marked meanwhile waits for us and is due again; whoever else takes one takes another.
 */
export async function takeDueCarry(client: Transaction): Promise<DueCarry | undefined> {
  const { rows } = await client.query<SignalRow & { kind: string | null }>(
    `update carry_due d set is_due = false from signal s left join instrument i on i.id = s.instrument_id
     where s.id = d.signal_id and d.signal_id = (
       select c.signal_id from carry_due c join signal n on n.id = c.signal_id
       where c.is_due and c.due_at <= now() and n.state = 'closed' and n.closed_at + ${LEFT_WITHIN} <= (select closed_to from bucket_head)
       order by c.due_at, c.signal_id limit 1 for update of c skip locked)
     returning ${SIGNAL_COLUMNS.map((name) => `s.${name}`).join(', ')}, i.kind`
  )
  const [row] = rows
  return row && { signal: signalOf(row) as DueCarry['signal'], isPerpetual: row.kind === 'perpetual' }
}

/** Leaves a carry that could not be worked out to the others for an hour; a mark of it is due as any. */
export async function putOffCarry(db: Queryable, id: string): Promise<void> {
  await db.query(
    `update carry_due set due_at = clock_timestamp() + interval '1 hour' where signal_id = $1 and is_due`,
    [id]
  )
}

/** Prices are decimal text, spot in the contract's unit and currency; times epoch milliseconds. */
export type KeptPrices = { readonly [Price in 'spotBid' | 'spotAsk' | 'contractBid' | 'contractAsk']: string } & {
  readonly at: number
  readonly revision: number
  readonly knownAt: number
}

export const keptPrices = ({
  ts,
  revision,
  knownAt,
  spotBid,
  spotAsk,
  perpBid,
  perpAsk
}: TradedQuotes): KeptPrices => ({
  at: ts,
  revision,
  knownAt,
  spotBid: decimalToString(spotBid),
  spotAsk: decimalToString(spotAsk),
  contractBid: decimalToString(perpBid),
  contractAsk: decimalToString(perpAsk)
})

export const quotesOfKept = ({ at, ...prices }: KeptPrices): Quotes => ({
  ts: at,
  spotBid: parseDecimal(prices.spotBid)!,
  spotAsk: parseDecimal(prices.spotAsk)!,
  perpBid: parseDecimal(prices.contractBid)!,
  perpAsk: parseDecimal(prices.contractAsk)!
})

/** What a carry came to. `outcome` is kept as it is; `netFrac`: its net, null where that is not known. */
export type KeptOutcome<Outcome> = {
  readonly signalId: string
  readonly closedAt: number
  readonly entry: KeptPrices | null
  readonly exit: KeptPrices | null
  readonly netFrac: number | null
  readonly outcome: Outcome
}
export type StoredOutcome<Outcome> = KeptOutcome<Outcome> & { readonly revision: number; readonly knownAt: number }

/** Stores an outcome as the next revision of its carry's, which must be taken. */
export async function writeCarryOutcome<Outcome>(
  client: Transaction,
  { signalId, closedAt, entry, exit, netFrac, outcome }: KeptOutcome<Outcome>
): Promise<void> {
  await client.query(
    `insert into carry_outcome (signal_id, revision, closed_at, known_at, entry, exit, net_frac, outcome)
     select $1, coalesce((select max(revision) + 1 from carry_outcome o where o.signal_id = $1), 0), $2, now(), $3, $4, $5, $6`,
    [
      signalId,
      new Date(closedAt),
      entry && JSON.stringify(entry),
      exit && JSON.stringify(exit),
      netFrac,
      JSON.stringify(outcome)
    ]
  )
}

/** The newest outcome of the last close of each of these carries, by signal; what has not been worked out has none. */
export async function listCarryOutcomes<Outcome>(
  db: Queryable,
  ids: readonly string[]
): Promise<ReadonlyMap<string, StoredOutcome<Outcome>>> {
  type Row = {
    signal_id: string
    revision: number
    closed_at: Date
    known_at: Date
    entry: KeptPrices | null
    exit: KeptPrices | null
    net_frac: number | null
    outcome: Outcome
  }
  const { rows } = await db.query<Row>(newest('o.*'), [ids])
  return new Map(
    rows.map((row) => [
      row.signal_id,
      {
        signalId: row.signal_id,
        revision: row.revision,
        closedAt: row.closed_at.getTime(),
        knownAt: row.known_at.getTime(),
        entry: row.entry,
        exit: row.exit,
        netFrac: row.net_frac,
        outcome: row.outcome
      }
    ])
  )
}

/** Of the same only the net, for thousands of them. */
export async function listCarryNets(
  db: Queryable,
  ids: readonly string[]
): Promise<ReadonlyMap<string, number | null>> {
  const { rows } = await db.query<{ signal_id: string; net_frac: number | null }>(newest('o.signal_id, o.net_frac'), [
    ids
  ])
  return new Map(rows.map(({ signal_id, net_frac }) => [signal_id, net_frac]))
}

const newest = (columns: string) =>
  `select distinct on (o.signal_id) ${columns} from carry_outcome o join signal s on s.id = o.signal_id and s.closed_at = o.closed_at
   where o.signal_id = any ($1) order by o.signal_id, o.revision desc`
