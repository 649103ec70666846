import { isatty } from 'node:tty'
import { pino } from 'pino'
import pretty from 'pino-pretty'
import type { Config } from './config.ts'

export type Log = pino.Logger

/** Keys and passwords never reach a log, whatever object they travel in. */
const SECRETS = [
  'url',
  'databaseUrl',
  'password',
  'authorization',
  'headers.authorization',
  '*.password',
  '*.authorization'
]

/** One JSON line an event; for people only where people look, on a terminal. */
export function createLog({ logLevel }: Pick<Config, 'logLevel'>, name: string): Log {
  const options = { name, level: logLevel, base: { name }, redact: SECRETS, timestamp: pino.stdTimeFunctions.isoTime }
  // Asked of the descriptor: the stream of a thread does not know.
  return isatty(1)
    ? pino(options, pretty({ sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' }))
    : pino(options, pino.destination({ fd: 1, sync: true }))
}
