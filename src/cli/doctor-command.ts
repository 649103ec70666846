import { systemClock } from '../clock.ts'
import { loadConfig } from '../config.ts'
import { InvalidInputError } from '../errors.ts'
import { ADAPTERS } from '../venues/registry.ts'
import { runDoctor } from './doctor.ts'
import type { Run } from './run.ts'

export const doctorCommand: Run = async (args, env) => {
  const unknown = args.find((arg) => arg !== '--json')
  if (unknown !== undefined)
    throw new InvalidInputError([{ path: unknown, message: 'unknown option; expected --json or nothing' }])
  const write = (line: string) => {
    process.stdout.write(`${line}\n`)
  }
  const config = loadConfig(
    env,
    ADAPTERS.map(({ id }) => id)
  )
  return await runDoctor({ config, clock: systemClock, write, json: args.includes('--json') })
}
