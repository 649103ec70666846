import { InvalidInputError } from '../errors.ts'
import { runNormalise } from './normalise.ts'
import type { Run } from './run.ts'
import { runVectors } from './vectors.ts'

const write = (line: string) => {
  process.stdout.write(`${line}\n`)
}

export const vectorsCommand: Run = (args) => runVectors(onlyArgument(args, 'FILE', 'vectors'), write)
export const normaliseCommand: Run = (args) => runNormalise(onlyArgument(args, 'DIR', 'normalise'), write)

/** The one argument of a command; none and several are refused. */
export function onlyArgument(args: readonly string[], what: string, command: string): string {
  const [argument, ...rest] = args
  if (argument === undefined || rest.length > 0) {
    throw new InvalidInputError([{ path: what, message: `expected exactly one: contango ${command} ${what}` }])
  }
  return argument
}
