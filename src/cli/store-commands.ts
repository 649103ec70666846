import { systemClock } from '../clock.ts'
import { type Config, loadConfig } from '../config.ts'
import { createLog } from '../log.ts'
import { type OpenStore, openStore } from '../store/open.ts'
import { runImport } from './import.ts'
import { runKeys } from './keys.ts'
import type { Run } from './run.ts'

const write = (line: string) => {
  process.stdout.write(`${line}\n`)
}

export const importCommand: Run = (args, env) =>
  withStore(env, ({ db }) =>
    runImport(args, { db, clock: systemClock, write, isTerminal: process.stdout.isTTY === true })
  )

export const keysCommand: Run = (args, env) =>
  withStore(env, async ({ db }) => {
    await runKeys(args, { db, clock: systemClock, write })
    return 0
  })

/** Runs a command on the configured database, beside a running service or without one. Logs only what is wrong. */
export async function withStore(
  env: Readonly<Record<string, string | undefined>>,
  work: (store: OpenStore, config: Config) => Promise<number>
): Promise<number> {
  const config = loadConfig(env)
  const store = await openStore({ config, log: createLog({ logLevel: 'warn' }, 'cli'), clock: systemClock })
  try {
    return await work(store, config)
  } finally {
    await store.close()
  }
}
