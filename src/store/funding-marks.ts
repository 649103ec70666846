import { markPaid } from './carry-marks.ts'
import type { Database } from './database.ts'
import { markStanding } from './funding-standing.ts'
import { markRealised } from './realised.ts'
import { markSettlements } from './signal-progress.ts'

/** Notes in the transaction of an instrument's settlements, the oldest of which is of `fromMs`, what is to be made of them anew. */
export async function markFunding(
  client: Pick<Database, 'query'>,
  instrumentId: number,
  fromMs: number
): Promise<void> {
  await markSettlements(client, instrumentId, fromMs)
  await markRealised(client, instrumentId)
  await markStanding(client, instrumentId)
  await markPaid(client, instrumentId, fromMs)
}
