import { markPaid } from './carry-marks.ts'
import type { Database } from './database.ts'
import { markStanding } from './funding-standing.ts'
import { markRealised } from './realised.ts'
import { markSettlements } from './signal-progress.ts'

/** Notes in the transaction of an instrument's settlements, of `fromMs` to `toMs`, both with, what is to be made of them anew. */
export async function markFunding(
  client: Pick<Database, 'query'>,
  instrumentId: number,
  range: { readonly fromMs: number; readonly toMs: number }
): Promise<void> {
  await markSettlements(client, instrumentId, range.fromMs)
  await markRealised(client, instrumentId)
  await markStanding(client, instrumentId)
  await markPaid(client, instrumentId, range)
}
