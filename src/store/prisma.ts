import { PrismaPg } from '@prisma/adapter-pg'
import type { Database } from './database.ts'
import { PrismaClient } from './generated/client.ts'

const clients = new WeakMap<Database, PrismaClient>()

/** Prisma on the database's own pool, for the small tables. It has no connections of its own to close. */
export function prismaOf(db: Database): PrismaClient {
  const known = clients.get(db)
  if (known) return known
  const client = new PrismaClient({ adapter: new PrismaPg(db.pool), errorFormat: 'minimal' })
  clients.set(db, client)
  return client
}
