import { LIMIT_DEFAULT } from '../../contract/board-parameters.ts'
import { CHANGE_FACTS, changeMeta, changeParameters, changeSchema, changeView } from '../../contract/changes.ts'
import type { CursorForm } from '../../contract/cursor.ts'
import { isoOf } from '../../domain/time.ts'
import { InvalidInputError } from '../../errors.ts'
import { type ChangePlace, CORRECTION, listChanges, listHorizons } from '../../store/changes.ts'
import { readWatermark } from '../../store/watermark.ts'
import { type Answer, pageOf } from '../answers.ts'
import type { ApiContext } from '../context.ts'
import { cursorKeys, type Operation, operation, type Question } from './operation.ts'

/** What became known, for whoever keeps a copy. */
export function changesOperation(context: ApiContext): Operation {
  return operation({
    name: 'changes',
    url: '/v1/changes',
    tag: 'service',
    summary: 'What became known since then, corrections included, in the order in which it became known',
    description:
      'Ascending, [since, meta.to). Nothing that is committed later comes before `meta.to`: follow `page.next` to its end, then ask ' +
      'with `since` = `meta.to`, and every row comes once. A gap comes again when it gets longer or is filled. Where rows from then on ' +
      'are no longer kept hot, the answer is `since_too_old`; corrections are listed for good, with `corrections=only`.',
    parameters: changeParameters,
    type: 'Change',
    row: changeSchema,
    isTable: true,
    meta: changeMeta,
    read: (question) => readChanges(context, question)
  })
}

/** The range, then the place of the last row. */
const CURSOR: readonly CursorForm[] = [
  'time',
  'time',
  'text',
  'integer',
  'integer',
  'time',
  'integer',
  'integer',
  'text'
]

async function readChanges({ db, clock }: ApiContext, question: Question<typeof changeParameters>): Promise<Answer> {
  const { values, fingerprint } = question
  const { limit = LIMIT_DEFAULT } = values
  const facts = values.fact ?? null
  const areCorrections = values.corrections === 'only'
  const keys = cursorKeys(question, CURSOR)
  if (keys !== undefined && !/^\d{1,17}$/.test(String(keys[2]))) throw wrongCursor()
  const fromMs = keys === undefined ? values.since : Number(keys[0])
  // The watermark is read before the rows: what had committed by then is seen by whoever reads later.
  const toMs = keys === undefined ? Math.max(fromMs, await readWatermark(db)) : Number(keys[1])
  const after = keys === undefined ? null : (keys.slice(2) as unknown as ChangePlace)
  const found = await listChanges(db, { facts, areCorrections, fromMs, toMs, after, limit: limit + 1 })
  // After the rows: what went while they were read has raised the horizon with it. What went before the last page's end was told.
  const restFromMs = after === null ? fromMs : Math.max(fromMs, Math.floor(Number(after[0]) / 1_000))
  refuseForgotten(await listHorizons(db), factsAsked(facts ?? CHANGE_FACTS, areCorrections), restFromMs)
  const { page, ...paging } = pageOf(found, limit, fingerprint, ({ place }) => [fromMs, toMs, ...place])
  return {
    data: page.map(changeView),
    ...paging,
    meta: { from: isoOf(fromMs), to: isoOf(toMs) },
    asOfMs: clock.now()
  }
}

function wrongCursor(): InvalidInputError {
  return new InvalidInputError([{ path: 'cursor', message: 'not a cursor that this service gave' }], 'invalid_cursor')
}

/** Of which facts the rows must still be there: corrections of what is sealed are one list. */
function factsAsked(facts: readonly string[], areCorrections: boolean): readonly string[] {
  if (!areCorrections) return facts
  return facts.some((fact) => fact === 'market' || fact === 'basis') ? [CORRECTION] : []
}

function refuseForgotten(horizons: ReadonlyMap<string, number>, facts: readonly string[], fromMs: number): void {
  const gone = facts.filter((fact) => fromMs < (horizons.get(fact) ?? 0))
  if (gone.length === 0) return
  const kept = isoOf(Math.max(...gone.map((fact) => horizons.get(fact)!)))
  const others = gone.includes(CORRECTION) ? '' : ', or for what was corrected with corrections=only'
  const message = `what became known of ${gone.join(', ')} is kept from ${kept} on; ask from then, or for other facts with fact=${others}`
  throw new InvalidInputError([{ path: 'since', message }], 'since_too_old')
}
