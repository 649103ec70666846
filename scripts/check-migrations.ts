import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Came on the same day from two hands, and may have been applied in either order: one makes a table, the other touches `gap` alone. A database
 * that has a migration by a name may not find it under another, so that they keep theirs.
 */
const SHARED: ReadonlySet<string> = new Set(['20261130150000'])

/** What is wrong with the names in prisma/migrations: they are applied in the order of their names, which their times alone must give. */
export function checkMigrations(root: string): string[] {
  const entries = readdirSync(join(root, 'prisma/migrations'), { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const odd = names.filter((name) => !/^\d{14}_[a-z0-9_]+$/.test(name))
  const byTime = Map.groupBy(names.sort(), (name) => name.slice(0, name.indexOf('_')))
  const clashes = [...byTime].filter(([time, those]) => those.length > (SHARED.has(time) ? 2 : 1))
  return [
    ...odd.map(
      (name) => `prisma/migrations/${name}: expected a time of 14 digits and words, 20260131120000_some_words`
    ),
    ...clashes.map(
      ([time, those]) =>
        `prisma/migrations: ${those.join(' and ')} share the time ${time}; give the new one a later time`
    )
  ]
}
