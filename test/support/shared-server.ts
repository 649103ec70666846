import { releaseTestServer, testServer } from './database.ts'

// Loaded once by the test runner: holds the shared Postgres over all files, so that it starts and stops once.

/** A failure is left to the tests that need a database: they say it with their names. */
export async function globalSetup(): Promise<void> {
  await testServer().catch(() => {})
}

export async function globalTeardown(): Promise<void> {
  await releaseTestServer()
}
