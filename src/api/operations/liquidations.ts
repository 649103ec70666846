import { liquidationParameters, liquidationSchema, liquidationView } from '../../contract/liquidations.ts'
import { time } from '../../contract/schema.ts'
import { DAY, HOUR, isoOf } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { sumLiquidations } from '../../store/liquidations.ts'
import { countLiquidationRows } from '../../store/row-counts.ts'
import type { ApiContext } from '../context.ts'
import { contractsOf } from '../contracts.ts'
import { type Range, windowOf } from '../history.ts'
import { newBudget, takeStored } from '../row-budget.ts'
import { type Operation, operation, type Question } from './operation.ts'
import { pageByName } from './reference.ts'

const LONGEST_MS = 7 * DAY

/** What was seen of liquidations. */
export function liquidationsOperation(context: ApiContext): Operation {
  return operation({
    name: 'liquidations',
    url: '/v1/liquidations',
    tag: 'sizes',
    summary: 'A sample of the liquidations of the largest contracts, as far as their venues show them',
    description:
      'An indication and no sum of all: `sampled` is always true, and `sampleOf` says what each look sees. OKX shows its newest 100 ' +
      'liquidation orders (at bankruptcy prices), Deribit marks them on its newest 1,000 trades, Kraken on its newest 100 (without ' +
      'saying whose position it was); what is pushed out between two looks (`LIQUIDATION_SECONDS`) is not seen. Binance, Bybit and ' +
      'Hyperliquid show none over REST: their contracts, asked for by venue or name, say `not_published`. Zero is what looks have ' +
      'seen, null that nobody looked.',
    parameters: liquidationParameters,
    type: 'LiquidationRow',
    row: liquidationSchema,
    meta: { from: time('Beginning of the window'), to: time('End of the window, not included') },
    read: (question) => readLiquidations(context, question)
  })
}

async function readLiquidations(context: ApiContext, question: Question<typeof liquidationParameters>) {
  const { db, clock } = context
  const { values } = question
  const contracts = await contractsOf(context, values)
  const nowMs = clock.now()
  const window = liquidationWindow(values, nowMs)
  const ids = contracts.map(({ id }) => id)
  await takeStored(question.budget ?? newBudget(context), {
    most: Number.POSITIVE_INFINITY,
    count: (most) => countLiquidationRows(db, ids, window, most),
    path: 'from',
    narrow: 'give a shorter range (`from`, `to`), or name assets or venues'
  })
  const sums = await sumLiquidations(db, ids, window)
  const told = contracts.filter(
    ({ id, venue }) =>
      sums.has(id) || values.instrument !== undefined || (values.venue !== undefined && !isShownBy(context, venue))
  )
  const { page, ...paging } = pageByName(told, ({ key }) => key, question)
  return {
    data: page.map((contract) =>
      liquidationView(contract, sums.get(contract.id), { isShown: isShownBy(context, contract.venue) })
    ),
    ...paging,
    meta: { from: isoOf(window.fromMs), to: isoOf(window.toMs) },
    asOfMs: nowMs
  }
}

/** An hour unless told, a week at most. */
export function liquidationWindow(given: Parameters<typeof windowOf>[0], nowMs: number): Range {
  const window = windowOf(given, nowMs, HOUR)
  if (window.toMs - window.fromMs <= LONGEST_MS) return window
  const message = `must be at most 7 days before to (${isoOf(window.toMs)}); was ${isoOf(window.fromMs)}`
  throw new InvalidInputError([{ path: 'from', message }], 'invalid_parameter')
}

/** Whether a venue shows liquidations at all. */
export const isShownBy = ({ capabilities }: ApiContext, venue: string): boolean =>
  capabilities?.[venue]?.some(({ fact }) => fact === 'liquidation') ?? capabilities === undefined
