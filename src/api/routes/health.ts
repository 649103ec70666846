import type { FastifyInstance } from 'fastify'
import { oneOf } from '../../contract/envelope.ts'
import { arrayOf, type FieldSchema, object, text, timeOrNull, oneOf as word } from '../../contract/schema.ts'
import { isoOf, isoOrNull, MINUTE, SECOND } from '../../domain/time.ts'
import { findBoardTime } from '../../store/board-changes.ts'
import { isDatabaseUnavailable } from '../../store/database-errors.ts'
import { createDiskGuard } from '../../store/disk.ts'
import { hasCollectedSince, listMissingTables } from '../../store/readiness.ts'
import { sendAnswer } from '../answers.ts'
import type { ApiContext } from '../context.ts'
import { HttpError } from '../problem.ts'

const problem = { content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } } }

/** `/healthz`: the process lives. `/readyz`: it can serve, or why not. */
export function addHealthRoutes(app: FastifyInstance, context: ApiContext): void {
  const status = oneOf(object({ status: word(['ok'], 'Always ok') }))
  app.get('/healthz', {
    config: { rateLimit: false },
    schema: {
      tags: ['service'],
      summary: 'Whether the process lives',
      operationId: 'healthz',
      response: { 200: { description: 'It does', content: { 'application/json': { schema: status } } } }
    },
    handler: async (_request, reply) => sendAnswer(reply, { data: { status: 'ok' }, asOfMs: context.clock.now() })
  })
  const { maxDiskBytes: maxBytes } = context.config
  const disk = createDiskGuard(context.db, { maxBytes, nowMs: context.clock.now })
  const checks = arrayOf(object({ code: text('What was checked'), message: text('What was found') }))
  const readiness = oneOf(
    object({ status: word(['ready'], 'Ready'), checks, boardAt: timeOrNull('When the board was derived') })
  )
  app.get('/readyz', {
    schema: {
      tags: ['service'],
      summary: 'Whether the service can serve: the database answers and the board is fresh',
      operationId: 'readyz',
      response: {
        200: { description: 'It can', content: { 'application/json': { schema: readiness as FieldSchema } } },
        503: { description: 'It cannot yet; `reasons` says why', ...problem }
      }
    },
    handler: async (_request, reply) => {
      const { reasons, boardAtMs } = await reasonsNotReady(context)
      if (reasons.length > 0) {
        const detail = reasons.map(({ message }) => message).join(' ')
        throw new HttpError(503, 'not_ready', detail, { reasons, headers: { 'retry-after': '2' } })
      }
      const checks = [
        { code: 'database', message: 'The database answers.' },
        { code: 'schema', message: 'The tables are there.' },
        { code: 'board', message: boardAtMs === null ? 'Nothing is being collected.' : 'The board is fresh.' },
        { code: 'disk', message: (await disk.isFull()) ? NO_ROOM : 'There is room for history.' }
      ]
      const data = { status: 'ready', checks, boardAt: isoOrNull(boardAtMs) }
      return sendAnswer(reply, { data, asOfMs: context.clock.now() })
    }
  })
}

/** The board goes on, so that it is no reason not to be ready. */
const NO_ROOM = 'The database has reached MAX_DISK_GB: nothing is stored as history.'

type Reason = { readonly code: string; readonly message: string }
type Readiness = { readonly reasons: readonly Reason[]; readonly boardAtMs: number | null }

/** A board this old, or older than three polls, is not being derived any more. */
const BOARD_MAX_AGE_MS = 30 * SECOND
const COLLECTING_WITHIN_MS = 10 * MINUTE

async function reasonsNotReady({ db, clock, config }: ApiContext): Promise<Readiness> {
  try {
    const missing = await listMissingTables(db)
    if (missing.length > 0) {
      const message = `The database lacks ${missing.join(', ')}; \`contango migrate\` brings it up to date.`
      return { reasons: [{ code: 'schema_missing', message }], boardAtMs: null }
    }
    const nowMs = clock.now()
    const boardAtMs = await findBoardTime(db)
    const collectsHere = config.roles.includes('collect') || config.roles.includes('derive')
    if (!collectsHere && !(await hasCollectedSince(db, nowMs - COLLECTING_WITHIN_MS))) return { reasons: [], boardAtMs }
    const maxAgeMs = Math.max(BOARD_MAX_AGE_MS, 3 * config.pollMs)
    if (boardAtMs !== null && nowMs - boardAtMs <= maxAgeMs) return { reasons: [], boardAtMs }
    return { reasons: [boardReason(boardAtMs)], boardAtMs }
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error
    return { reasons: [{ code: 'database_unavailable', message: 'The database cannot be reached.' }], boardAtMs: null }
  }
}

function boardReason(boardAtMs: number | null): Reason {
  return boardAtMs === null
    ? { code: 'board_empty', message: 'No basis has been derived yet.' }
    : { code: 'board_stale', message: `The board was last derived at ${isoOf(boardAtMs)}.` }
}
