import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runImport } from '../../src/cli/import.ts'
import { readImportArguments } from '../../src/cli/import-arguments.ts'
import type { Database } from '../../src/store/database.ts'

export const NOW = Date.UTC(2026, 0, 1)

export type ImportReport = {
  readonly read: number
  readonly matched: number
  readonly stored: number
  readonly duplicate: number
  readonly differs: number
  readonly corrected: number
  readonly refused: number
  readonly ambiguous: number
  readonly bases: number
  readonly refusals: readonly { readonly line: number; readonly reason: string }[]
  readonly code: number
}

/** Runs `import … --json` and answers its report with the exit code. */
export async function importJson(
  db: Database,
  args: readonly string[],
  rawDays: number | null = null
): Promise<ImportReport> {
  const { lines, code } = await importLines(db, [...args, '--json'], rawDays)
  return { ...(JSON.parse(lines.join('')) as Omit<ImportReport, 'code'>), code }
}

export async function importLines(
  db: Database,
  args: readonly string[],
  rawDays: number | null = null
): Promise<{ lines: string[]; code: number }> {
  const lines: string[] = []
  const clock = { now: () => NOW }
  const deps = { db, clock, write: (line: string) => void lines.push(line), isTerminal: false, rawDays }
  return { code: await runImport(readImportArguments(args), deps), lines }
}

/** A folder for a test's own files, removed afterwards. */
export async function fileFolder(): Promise<AsyncDisposable & { write(name: string, text: string): Promise<string> }> {
  const folder = await mkdtemp(join(tmpdir(), 'contango-import-'))
  return {
    write: async (name, text) => {
      const path = join(folder, name)
      await writeFile(path, text)
      return path
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true })
  }
}

export type StoredSettlement = {
  readonly settled_at: string
  readonly venue_time: string
  readonly rate: string
  readonly interval_hours: number | null
}

/** The newest revision of every settlement of an instrument, ascending. */
export async function listStored(db: Database, key: string): Promise<StoredSettlement[]> {
  const { rows } = await db.query<{
    settled_at: Date
    venue_time: Date
    rate: string
    interval_hours: number | null
  }>(
    `select distinct on (settled_at) settled_at, venue_time, rate, interval_hours
     from settlement s join instrument i on i.id = s.instrument_id where i.key = $1 order by settled_at, s.revision desc`,
    [key]
  )
  return rows.map((row) => ({
    ...row,
    settled_at: row.settled_at.toISOString(),
    venue_time: row.venue_time.toISOString()
  }))
}
