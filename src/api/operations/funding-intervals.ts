import { LIMIT_DEFAULT } from '../../contract/board-parameters.ts'
import { intervalView } from '../../contract/funding-rows.ts'
import { fundingIntervalSchema } from '../../contract/histories.ts'
import { intervalParameters } from '../../contract/history-parameters.ts'
import { InvalidInputError } from '../../errors.ts'
import { listIntervals } from '../../store/interval-list.ts'
import { type Answer, pageOf } from '../answers.ts'
import { namesOf } from '../catalogue.ts'
import type { ApiContext } from '../context.ts'
import { cursorKeys, type Operation, operation, type Question } from './operation.ts'

/** From when on contracts settle in which interval. */
export function fundingIntervalOperation(context: ApiContext): Operation {
  return operation({
    name: 'fundingIntervals',
    url: '/v1/funding/intervals',
    tag: 'funding',
    summary: 'Funding intervals and their changes, each from the day it came into force',
    description:
      'The newest first. A change that the venue declares and the gaps between settlements show is one row. What is assumed ' +
      'is not in here. The settlements of `/v1/funding/history` keep the interval that each of them had.',
    parameters: intervalParameters,
    type: 'FundingInterval',
    row: fundingIntervalSchema,
    isTable: true,
    read: (question) => readIntervals(context, question)
  })
}

async function readIntervals(
  { db, clock, catalogue }: ApiContext,
  question: Question<typeof intervalParameters>
): Promise<Answer> {
  const { values, fingerprint } = question
  const { limit = LIMIT_DEFAULT } = values
  const { venues, assets } = namesOf(await catalogue.read(), values)
  const instruments =
    values.instrument && (await Promise.all(values.instrument.map((key) => catalogue.getInstrument(key))))
  const keys = cursorKeys(question, ['time', 'text'])
  if (values.from !== undefined && values.to !== undefined && values.from >= values.to) {
    throw new InvalidInputError([{ path: 'from', message: 'must be before to' }], 'invalid_parameter')
  }
  const found = await listIntervals(db, {
    instrumentIds: instruments === undefined ? null : instruments.map(({ id }) => id),
    assets: assets === undefined ? null : [...assets],
    venues: venues === undefined ? null : [...venues],
    fromMs: values.from ?? null,
    toMs: values.to ?? null,
    after: keys === undefined ? null : [Number(keys[0]), String(keys[1])],
    limit: limit + 1
  })
  const { page, ...paging } = pageOf(found, limit, fingerprint, ({ entry, subject }) => [
    entry.effectiveFrom,
    subject.instrument
  ])
  return { data: page.map((row) => intervalView(row, row.subject)), ...paging, asOfMs: clock.now() }
}
