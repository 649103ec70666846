import type { Run } from './commands.ts'
import { withStore } from './store-commands.ts'

/** Opening the store migrates and proves it; this command says so. */
export const runMigrate: Run = (_args, env) =>
  withStore(env, async ({ db }) => {
    process.stdout.write(`The database ${db.address} is up to date.\n`)
    return 0
  })
