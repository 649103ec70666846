import { InvalidInputError } from '../errors.ts'

/** A command: what follows its name and the environment in, an exit code out. */
export type Run = (args: string[], env: Readonly<Record<string, string | undefined>>) => Promise<number>

/** For commands that take none: a word too many is a mistake, not noise. */
export function refuseArguments(command: string, args: readonly string[]): void {
  const problems = args.map((path) => ({ path, message: `unknown argument; contango ${command} takes none` }))
  if (problems.length > 0) throw new InvalidInputError(problems)
}
