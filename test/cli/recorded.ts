import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { argumentsOf, listRecorded, type Recorded } from '../../scripts/report/recorded.ts'
import type { Database } from '../../src/store/database.ts'
import { type fileFolder, type ImportReport, importJson } from './import-run.ts'

const HISTORY = fileURLToPath(new URL('../../../shared/data/history/', import.meta.url))
export const RECORDED = listRecorded(HISTORY)
export const skip = RECORDED.every(({ file }) => existsSync(file))
  ? false
  : 'the recorded histories in ../shared/data are not here'

export type Imported = Recorded & { readonly report: ImportReport }

/** The file of a leg. Candles of 18 legs are in one, which is read whole for the first of them: thirty times take a minute. */
export type FileOf = (recorded: Recorded) => Promise<string>

/** Every recorded history, each leg by the import itself. */
export async function importRecorded(db: Database, fileOf: FileOf): Promise<Imported[]> {
  const imported: Imported[] = []
  for (const recorded of RECORDED) {
    const file = await fileOf(recorded)
    imported.push({ ...recorded, report: await importJson(db, argumentsOf({ ...recorded, file })) })
  }
  return imported
}

/** Cuts the candles of each exchange's pair into a file of their own, with the same header. */
export async function openCutter(folder: Awaited<ReturnType<typeof fileFolder>>): Promise<FileOf> {
  const { file } = RECORDED[0]!
  const [header, ...lines] = (await readFile(file, 'utf8')).trimEnd().split('\n')
  const byPair = Map.groupBy(lines, (line) => {
    const [, exchange, , pair] = line.split(',')
    return `exchange=${exchange},pair=${pair}`
  })
  return async (recorded) => {
    if (recorded.file !== file || recorded === RECORDED[0]) return recorded.file
    const pair = recorded.args[1]!.split(',').slice(0, 2).join(',')
    return await folder.write(`${pair.replaceAll('/', '-')}.csv`, [header, ...byPair.get(pair)!, ''].join('\n'))
  }
}
