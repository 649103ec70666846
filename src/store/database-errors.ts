import { messageOf, StartError } from '../errors.ts'

/** Codes of Node's sockets and resolver that mean the database cannot be reached. */
const SOCKET_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN'
])

/** PostgreSQL: shutting down, starting, no connection slots, disk or memory full, read-only, I/O error. */
const SQL_STATES: ReadonlySet<string> = new Set([
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '53000',
  '53100',
  '53200',
  '53300',
  '25006',
  '58030'
])

/** Prisma: cannot reach, connection closed, no free connection in time. */
const PRISMA_CODES: ReadonlySet<string> = new Set(['P1001', 'P1002', 'P1017', 'P2024'])

// What pg says without giving a code.
const MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|canceling statement due to statement timeout)/

type Shape = {
  readonly code?: unknown
  readonly message?: unknown
  readonly cause?: unknown
  readonly errors?: unknown
  readonly originalCode?: unknown
}

/** The five characters PostgreSQL put on an error, wherever Prisma or a wrapper has tucked them. */
export function sqlState(error: unknown): string | undefined {
  for (const { code, originalCode } of chain(error)) {
    for (const value of [code, originalCode]) {
      if (typeof value === 'string' && /^[0-9A-Z]{5}$/.test(value) && !PRISMA_CODES.has(value) && value !== 'EPIPE') {
        return value
      }
    }
  }
  return undefined
}

/** Whether the database, and not the statement, is the trouble: the same call may work later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  return chain(error).some(({ code, message, originalCode }) => {
    const codes = [code, originalCode].filter((value) => typeof value === 'string')
    return codes.some(isUnavailableCode) || (typeof message === 'string' && MESSAGES.test(message))
  })
}

/** Whether a statement took longer than it may: of the same one that is so again, of others not. */
export const isTooSlow = (error: unknown): boolean => sqlState(error) === '57014'

function isUnavailableCode(code: string): boolean {
  return SOCKET_CODES.has(code) || PRISMA_CODES.has(code) || SQL_STATES.has(code) || /^08[0-9A-Z]{3}$/.test(code)
}

/** The error, its causes and the parts of an AggregateError (every address of a host name refused). */
function chain(error: unknown, depth = 0): Shape[] {
  if (typeof error !== 'object' || error === null || depth > 5) return []
  const shape = error as Shape
  const parts = Array.isArray(shape.errors) ? shape.errors : []
  return [shape, ...chain(shape.cause, depth + 1), ...parts.flatMap((part) => chain(part, depth + 1))]
}

/** A failed connection in words for whoever starts the service; undefined when it is something else. */
export function connectionProblem(address: string, error: unknown): StartError | undefined {
  if (error instanceof StartError) return undefined
  const state = sqlState(error)
  // Of several refused addresses only the code is worth reading.
  const said = messageOf(error) || String((error as { code?: unknown }).code ?? 'no reason given')
  const because = (code: string, text: string) => new StartError(code, text, { cause: error })
  if (state === '28P01' || state === '28000') {
    return because(
      'database_login',
      `The database at ${address} refuses us: ${said}. Check user and password in DATABASE_URL.`
    )
  }
  if (state === '3D000') {
    return because(
      'database_missing',
      `The database at ${address} does not exist. Create it (createdb), or correct DATABASE_URL.`
    )
  }
  if (!isDatabaseUnavailable(error)) return undefined
  return because(
    'database_unreachable',
    `Cannot reach the database at ${address}: ${said}. Is it running, and is DATABASE_URL right? ` +
      'Without DATABASE_URL Contango brings its own.'
  )
}
