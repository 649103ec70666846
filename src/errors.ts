/** What went wrong, in words for the reader of the message and a code for programs. */
export class AppError extends Error {
  override name = 'AppError'
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** One thing wrong with what somebody gave us: where it is and what was expected. */
export type InputProblem = { readonly path: string; readonly message: string }

/** The caller's input cannot be used; every problem found is named. */
export class InvalidInputError extends AppError {
  override name = 'InvalidInputError'
  readonly problems: readonly InputProblem[]
  constructor(problems: readonly InputProblem[], code = 'invalid_input') {
    super(code, problems.map(({ path, message }) => `${path}: ${message}`).join('; '))
    this.problems = problems
  }
}

/** What was asked for does not exist; the message suggests the nearest that does. */
export class NotFoundError extends AppError {
  override name = 'NotFoundError'
}

/** What was asked for does not go with how things stand; `retryAfterSeconds` where asking again later may help. */
export class ConflictError extends AppError {
  override name = 'ConflictError'
  readonly retryAfterSeconds: number | undefined
  constructor(code: string, message: string, retryAfterSeconds?: number) {
    super(code, message)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Start-up cannot go on: a port, a database, a setting. The message says what to do. */
export class StartError extends AppError {
  override name = 'StartError'
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
