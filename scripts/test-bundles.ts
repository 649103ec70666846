import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Folders of small files, with how many processes run them: to start one for each takes longer than what it tests. */
const PROCESSES: Readonly<Record<string, number>> = { 'test/api/': 8, 'test/domain/': 2, 'test/jobs/': 8 }
/**
 * The longest first, so that none is left for the end. Those of the demo and of instances load a machine most: what lies between them takes
 * as long as the demo's, so that they do not run beside each other where two run at once.
 */
const FIRST: readonly string[] = [
  'test/service/demo',
  'test/faults/',
  'test/service/database-trouble',
  'test/service/instances',
  'test/api/',
  'test/jobs/',
  'test/cli/'
]

/** Files that run in one process, one after the other, in the order in which the processes start. */
export function bundlesOf(files: readonly string[]): string[][] {
  const bundles = new Map<string, string[]>()
  const places = new Map<string, number>()
  for (const file of files) {
    const folder = Object.keys(PROCESSES).find((each) => file.startsWith(each))
    const place = places.get(folder ?? file) ?? 0
    places.set(folder ?? file, place + 1)
    // Neighbours by name test much the same, and take as long: they are dealt out.
    const name = folder ? `${folder}${place % PROCESSES[folder]!}` : file
    bundles.set(name, [...(bundles.get(name) ?? []), file])
  }
  const rankOf = ([file = '']: readonly string[]) => {
    const rank = FIRST.findIndex((start) => file.startsWith(start))
    return rank < 0 ? FIRST.length : rank
  }
  return [...bundles.values()].sort((a, b) => rankOf(a) - rankOf(b))
}

/**
 * Writes a module for each bundle that imports its files; answers the modules, which node runs in the order of their names. A file that
 * cannot be loaded is a failed test of its name, and keeps none of the others from running.
 */
export async function writeBundles(root: string, folder: string, bundles: readonly (readonly string[])[]) {
  const into = join(folder, 'bundles')
  await mkdir(into)
  const written = bundles.map(async (bundle, place) => {
    const name = bundle.length === 1 ? basename(bundle[0]!, '.test.ts') : bundle[0]!.split('/').slice(1, -1).join('-')
    const file = join(into, `${String(place).padStart(3, '0')}-${name}.mjs`)
    await writeFile(file, moduleOf(root, bundle))
    return file.replaceAll('\\', '/')
  })
  return await Promise.all(written)
}

function moduleOf(root: string, files: readonly string[]): string {
  const urls = Object.fromEntries(files.map((file) => [file, pathToFileURL(join(root, file)).href]))
  return `import { test } from 'node:test'
for (const [file, url] of Object.entries(${JSON.stringify(urls, null, 2)})) {
  try {
    await import(url)
  } catch (error) {
    test(\`\${file} can be loaded\`, () => {
      throw error
    })
  }
}
`
}
