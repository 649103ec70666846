import { createRequire } from 'node:module'
import { isatty } from 'node:tty'
import { pino } from 'pino'
import type { Config } from './config.ts'

export type Log = pino.Logger

/** Keys and passwords never reach a log, whatever object they travel in. */
const SECRETS = [
  'url',
  'databaseUrl',
  'password',
  'secret',
  'authorization',
  'headers.authorization',
  '*.password',
  '*.secret',
  '*.authorization'
]

const STANDARD_OUTPUT = 1
const STANDARD_ERROR = 2

/** One JSON line an event; for people only where people look, on a terminal. */
export function createLog({ logLevel }: Pick<Config, 'logLevel'>, name: string): Log {
  return openLog(logLevel, name, STANDARD_OUTPUT)
}

/** For commands: only what is wrong, and never among the answer, which a program may be reading. */
export function createCommandLog(name: string): Log {
  return openLog('warn', name, STANDARD_ERROR)
}

function openLog(level: Config['logLevel'], name: string, fd: number): Log {
  const options = { name, level, base: { name }, redact: SECRETS, timestamp: pino.stdTimeFunctions.isoTime }
  // Asked of the descriptor: the stream of a thread does not know.
  return isatty(fd)
    ? pino(
        options,
        loadPretty()({ sync: true, destination: fd, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' })
      )
    : pino(options, pino.destination({ fd, sync: true }))
}

/** Loaded on a terminal alone: every thread has a log. */
const loadPretty = (): typeof import('pino-pretty') => createRequire(import.meta.url)('pino-pretty')
