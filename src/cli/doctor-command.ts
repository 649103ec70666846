import { systemClock } from '../clock.ts'
import { loadConfig } from '../config.ts'
import { InvalidInputError } from '../errors.ts'
import type { Run } from './commands.ts'
import { runDoctor } from './doctor.ts'

export const doctorCommand: Run = async (args, env) => {
  const unknown = args.find((arg) => arg !== '--json')
  if (unknown !== undefined)
    throw new InvalidInputError([{ path: unknown, message: 'unknown option; expected --json or nothing' }])
  const write = (line: string) => {
    process.stdout.write(`${line}\n`)
  }
  return await runDoctor({ config: loadConfig(env), clock: systemClock, write, json: args.includes('--json') })
}
