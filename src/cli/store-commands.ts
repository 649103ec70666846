import { systemClock } from '../clock.ts'
import { type Config, loadConfig } from '../config.ts'
import { createCommandLog } from '../log.ts'
import { type OpenStore, openStore } from '../store/open.ts'
import { runExport } from './export.ts'
import { EXPORT_USAGE, readExportArguments } from './export-arguments.ts'
import { runImport } from './import.ts'
import { IMPORT_USAGE, readImportArguments } from './import-arguments.ts'
import { KEYS_USAGE, readKeysArguments } from './keys.ts'
import type { Run } from './run.ts'

const write = (line: string) => {
  process.stdout.write(`${line}\n`)
}

// Arguments are read first: a wrong one must not start a database only to be refused.

export const importCommand: Run = async (args, env) => {
  if (args.includes('--help')) {
    write(IMPORT_USAGE)
    return 0
  }
  const request = readImportArguments(args)
  const isTerminal = process.stdout.isTTY === true
  return await withStore(env, ({ db }, { rawDays }) =>
    runImport(request, { db, clock: systemClock, write, isTerminal, rawDays })
  )
}

export const exportCommand: Run = async (args, env) => {
  if (args.includes('--help')) {
    write(EXPORT_USAGE)
    return 0
  }
  const request = readExportArguments(args)
  // What is said goes beside the table, never into it.
  const report = request.file === null ? process.stderr : process.stdout
  const deps = {
    clock: systemClock,
    write: (line: string) => void report.write(`${line}\n`),
    isTerminal: process.stderr.isTTY === true,
    stdout: () => process.stdout
  }
  return await withStore(env, ({ db }) => runExport(request, { db, ...deps }))
}

export const keysCommand: Run = async (args, env) => {
  if (args.includes('--help')) {
    write(KEYS_USAGE)
    return 0
  }
  const run = readKeysArguments(args)
  return await withStore(env, async ({ db }) => {
    await run({ db, clock: systemClock, write })
    return 0
  })
}

/** Runs a command on the configured database, beside a running service or without one. Logs only what is wrong. */
export async function withStore(
  env: Readonly<Record<string, string | undefined>>,
  work: (store: OpenStore, config: Config) => Promise<number>
): Promise<number> {
  const config = loadConfig(env)
  const store = await openStore({ config, log: createCommandLog('cli'), clock: systemClock })
  try {
    return await work(store, config)
  } finally {
    await store.close()
  }
}
