import { decimalOrNull } from '../domain/decimal.ts'
import type { Facts } from '../domain/latest.ts'
import type { Transaction } from '../store/database.ts'
import { listLatest, upsertLatest } from '../store/latest.ts'
import type { Call } from '../venues/venue.ts'
import { factsOf, valued } from './collected-facts.ts'
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
      const mark = latest.get(row.instrumentId)?.mark?.mark
      return { ...row, ...valued(amounts, byId.get(row.instrumentId)!, mark) }
    })
  }
}
