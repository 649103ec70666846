import { COMMANDS, usage } from './cli/commands.ts'
import { AppError } from './errors.ts'

// The one door: `contango COMMAND …`. Each command is a file of its own, loaded only when asked for.

const [name = '', ...args] = process.argv.slice(2)
const command = COMMANDS[name]

if (command === undefined) {
  const isHelp = name === '' || name === 'help' || name === '--help' || name === '-h'
  process.stdout.write(isHelp ? usage() : '')
  if (!isHelp) process.stderr.write(`contango: unknown command ${JSON.stringify(name)}\n\n${usage()}`)
  process.exitCode = isHelp && name !== '' ? 0 : 1
} else {
  try {
    process.exitCode = await (await command.load())(args, process.env)
  } catch (error) {
    // What a person can put right is said in words; a defect shows where it is.
    process.stderr.write(
      error instanceof AppError
        ? `contango: ${error.message}\n`
        : `contango: ${String((error as Error)?.stack ?? error)}\n`
    )
    process.exitCode = 1
  }
}
