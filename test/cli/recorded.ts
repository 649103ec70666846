import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { argumentsOf, listRecorded, type Recorded } from '../../scripts/report/recorded.ts'
import type { Database } from '../../src/store/database.ts'
import { fileFolder, type ImportReport, importJson } from './import-run.ts'

const HISTORY = fileURLToPath(new URL('../../../shared/data/history/', import.meta.url))
export const RECORDED = listRecorded(HISTORY)
export const skip = RECORDED.every(({ file }) => existsSync(file))
  ? false
  : 'the recorded histories in ../shared/data are not here'

export type Imported = Recorded & { readonly report: ImportReport }

/**
 * Every recorded history, each leg by the import itself. Candles of 18 legs are in one file, which is read whole for the first of
 * them; the others are cut out of it before, as reading it thirty times takes a minute.
 */
export async function importRecorded(db: Database): Promise<Imported[]> {
  await using folder = await fileFolder()
  const cut = await cutter(folder)
  const imported: Imported[] = []
  for (const [index, recorded] of RECORDED.entries()) {
    const file = index === 0 ? recorded.file : await cut(recorded)
    imported.push({ ...recorded, report: await importJson(db, argumentsOf({ ...recorded, file })) })
  }
  return imported
}

/** A file with the rows of one exchange's pair and the same header. */
async function cutter(folder: Awaited<ReturnType<typeof fileFolder>>) {
  const { file } = RECORDED[0]!
  const [header, ...lines] = (await readFile(file, 'utf8')).trimEnd().split('\n')
  const byPair = Map.groupBy(lines, (line) => {
    const [, exchange, , pair] = line.split(',')
    return `exchange=${exchange},pair=${pair}`
  })
  return async (recorded: Recorded) => {
    if (recorded.file !== file) return recorded.file
    const pair = recorded.args[1]!.split(',').slice(0, 2).join(',')
    return await folder.write(`${pair.replaceAll('/', '-')}.csv`, [header, ...byPair.get(pair)!, ''].join('\n'))
  }
}
