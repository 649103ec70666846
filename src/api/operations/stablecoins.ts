import { stablecoinParameters, stablecoinSchema, stablecoinView } from '../../contract/stablecoins.ts'
import { isDollarLike } from '../../domain/instrument.ts'
import { listLatest } from '../../store/latest.ts'
import { namesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { pageByName } from './reference.ts'

/** What stablecoins are worth where they are traded against each other and the dollar. */
export function stablecoinsOperation(context: ApiContext): Operation {
  return operation({
    name: 'stablecoins',
    url: '/v1/stablecoins',
    tag: 'reference',
    summary: 'Rates of stablecoins from traded prices, each by its own freshness',
    description:
      'Every followed pair of two dollar-like currencies. These are the rates that basis across currencies is adjusted with: of ' +
      'the contract’s own venue first. A rate that is older than a minute, or of a crossed book, is null.',
    parameters: stablecoinParameters,
    type: 'Stablecoin',
    row: stablecoinSchema,
    read: (question) => readStablecoins(context, question)
  })
}

async function readStablecoins({ db, clock, catalogue }: ApiContext, question: Question<typeof stablecoinParameters>) {
  const { currency, quote, venue } = question.values
  const known = await catalogue.read()
  const { venues } = namesOf(known, { venue })
  const [currencies, quotes] = [currency, quote].map(
    (names) => names && new Set(names.map((name) => name.toUpperCase()))
  )
  const pairs = known.instruments.filter(
    (pair) =>
      pair.kind === 'spot' &&
      pair.tracked &&
      isDollarLike(pair.base) &&
      isDollarLike(pair.quote) &&
      (venues?.has(pair.venue) ?? true) &&
      (currencies?.has(pair.base) ?? true) &&
      (quotes?.has(pair.quote) ?? true)
  )
  const { page, ...paging } = pageByName(pairs, ({ key }) => key, question)
  const latest = await listLatest(
    db,
    page.map(({ id }) => id)
  )
  const nowMs = clock.now()
  return { data: page.map((pair) => stablecoinView(pair, latest.get(pair.id), nowMs)), ...paging, asOfMs: nowMs }
}
