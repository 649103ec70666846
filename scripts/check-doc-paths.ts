import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folders whose Markdown is not ours. */
const SKIPPED = new Set(['node_modules', '.git', '.data', 'coverage', 'generated'])
/** What a path of this repository begins with. */
const PLACES = /^(src|web|test|scripts|docs|prisma|\.ci|\.github)\//
const ENDINGS = /\w\.(tsx?|mts|mjs|js|json|md|ya?ml|prisma|sql|toml|csv)$/
/** Named before they exist, or only on the machine of whoever runs it. */
const ELSEWHERE = new Set(['.env', 'extra.conf', 'postgres.json', 'postgresql.conf'])

/** Everything that the Markdown under `root` names and that is not there. */
export function checkDocPaths(root: string): string[] {
  const scripts = scriptsOf(root)
  return markdownUnder(root).flatMap((file) => {
    const name = relative(root, file)
    return readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((text, index) => {
        const missing = [...missingPaths(root, text), ...missingLinks(file, text), ...missingScripts(scripts, text)]
        return missing.map((what) => `${name}:${index + 1} names ${what}`)
      })
  })
}

function markdownUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : markdownUnder(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

/** `src/jobs/collect.ts`, `docs/` or `package.json` in back-ticks, or bare in a block of code. */
function missingPaths(root: string, text: string): string[] {
  const quoted = [...text.matchAll(/`([^`\s]+)`/g)].map(([, inside = '']) => inside)
  const bare = [...text.matchAll(/(?<![\w./`@-])((?:src|web|test|scripts|docs|prisma)\/[\w./-]+\w)/g)].map(
    ([, path = '']) => path
  )
  return [...new Set([...quoted, ...bare])]
    .map((path) => path.replace(/:\d+$/, '').replace(/^\.\//, ''))
    .filter((path) => isPath(path) && !existsAt(root, path))
    .map((path) => `${path}, which is not there`)
}

function isPath(text: string): boolean {
  if (ELSEWHERE.has(text) || /[<>{}$|…:]/.test(text)) return false
  return PLACES.test(text) || (ENDINGS.test(text) && !text.includes('/') && /^[\w.-]+$/.test(text))
}

/** As it is, or as a pattern: `src/domain/*.ts`, `test/**`. A file name alone may be anywhere in the places we name. */
function existsAt(root: string, path: string): boolean {
  if (path.includes('*')) return existsSync(join(root, path.slice(0, path.indexOf('*')).replace(/[^/]*$/, '')))
  if (existsSync(join(root, path))) return true
  return !path.includes('/') && filesNamed(root).has(path)
}

let known: { root: string; names: Set<string> } | undefined

function filesNamed(root: string): Set<string> {
  if (known?.root !== root) {
    const list = (folder: string): string[] =>
      readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        if (!entry.isDirectory()) return [entry.name]
        return SKIPPED.has(entry.name) ? [] : list(join(folder, entry.name))
      })
    known = { root, names: new Set(list(root)) }
  }
  return known.names
}

/** `[words](docs/venues.md#binance)`: relative to the document. */
function missingLinks(file: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => decodeURIComponent(target.replace(/[#?].*$/, '')))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target) && !existsSync(join(dirname(file), target)))
    .map((target) => `${target}, which is not there`)
}

function scriptsOf(root: string): ReadonlySet<string> {
  const path = join(root, 'package.json')
  if (!existsSync(path)) return new Set()
  const { scripts = {} } = JSON.parse(readFileSync(path, 'utf8')) as { scripts?: Record<string, string> }
  return new Set(Object.keys(scripts))
}

/** `npm run X`, with npm's own options before the name. */
function missingScripts(scripts: ReadonlySet<string>, text: string): string[] {
  return [...text.matchAll(/\bnpm run (?:-\S+ )*([a-z][\w:-]*)/g)]
    .map(([, name = '']) => name)
    .filter((name) => !scripts.has(name))
    .map((name) => `npm run ${name}, which package.json does not have`)
}

if (import.meta.main) {
  const problems = checkDocPaths(fileURLToPath(new URL('../', import.meta.url)))
  for (const problem of problems) console.error(problem)
  if (problems.length === 0) console.log('Every path named in a document is there.')
  process.exitCode = problems.length === 0 ? 0 : 1
}
