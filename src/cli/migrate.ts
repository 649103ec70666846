import { type Run, refuseArguments } from './run.ts'
import { withStore } from './store-commands.ts'

/** Opening the store migrates and proves it; this command says so. */
export const runMigrate: Run = async (args, env) => {
  refuseArguments('migrate', args)
  return await withStore(env, async ({ db }) => {
    process.stdout.write(`The database ${db.address} is up to date.\n`)
    return 0
  })
}
