import { decimalOrNull } from '../domain/decimal.ts'
import type { Facts } from '../domain/latest.ts'
import { MINUTE } from '../domain/time.ts'
import type { Transaction } from '../store/database.ts'
import { listLatest, upsertLatest } from '../store/latest.ts'
import type { Call } from '../venues/venue.ts'
import { factsOf, valued } from './collected-facts.ts'
import { isMarkDoubtful } from './plausibility.ts'
import { type AskedVenue, askSingly, type SingleDeps, singleCallOf } from './single-calls.ts'

/** Books and flow are asked one by one as well, for fewer contracts and by jobs of their own. */
export const isOpenInterest = ({ reach, facts }: Call) => reach === 'single' && facts.includes('open_interest')

/** Asks for open interest one contract at a time, where a venue has no bulk call. */
export async function pollOpenInterest(
  deps: SingleDeps,
  venue: AskedVenue,
  tickAt: number,
  signal: AbortSignal
): Promise<void> {
  const { calls } = venue.adapter
  if (!calls.some(isOpenInterest)) return
  const instruments = [...venue.instruments.values()].filter((each) => singleCallOf(calls, 'open_interest', each))
  const round = {
    job: 'open-interest',
    fact: 'open_interest' as const,
    instruments,
    store: async (client: Transaction, claim: { readonly tickAt: number }, reading: Parameters<typeof factsOf>[1]) => {
      const facts = await valuedAtMark(client, venue, factsOf(venue, reading))
      await upsertLatest(client, claim.tickAt, facts)
      return facts.openInterest.length
    }
  }
  await askSingly(deps, venue, round, tickAt, signal)
}

/** A mark is polled every few seconds; one that has failed for so long values nothing. */
const MARK_MAX_AGE_MS = 5 * MINUTE

/** What the venue does not say comes of the mark that was polled last (domain-spec 1.5). */
async function valuedAtMark(client: Transaction, { instruments }: AskedVenue, facts: Facts): Promise<Facts> {
  const latest = await listLatest(
    client,
    facts.openInterest.map(({ instrumentId }) => instrumentId)
  )
  const byId = new Map([...instruments.values()].map((instrument) => [instrument.id, instrument]))
  return {
    ...facts,
    openInterest: facts.openInterest.map((row) => {
      const amounts = { base: decimalOrNull(row.base), quote: decimalOrNull(row.quote), usd: decimalOrNull(row.usd) }
      const said = latest.get(row.instrumentId)?.mark
      // An old mark would value what is new, and show it as new.
      const isUsable = said && row.observedAt - said.observedAt <= MARK_MAX_AGE_MS && !isMarkDoubtful(said)
      const mark = isUsable ? said.mark : null
      return { ...row, ...valued(amounts, byId.get(row.instrumentId)!, mark) }
    })
  }
}
