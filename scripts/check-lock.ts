import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The oldest versions without a known hole that matters here. */
const FLOORS: Readonly<Record<string, string>> = {
  fastify: '5.8.5',
  '@fastify/static': '9.1.1',
  mercurius: '16.10.1',
  undici: '7.18.0'
}

type Entry = {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
}

/** What is wrong with package-lock.json: every package fixed by its hash, wherever it is fetched from, and none too old. */
export function checkLock(root: string): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Entry>
  }
  return Object.entries(packages).flatMap(([path, entry]) => (path === '' ? [] : entryProblems(path, entry)))
}

function entryProblems(path: string, { version = '0', resolved, integrity, link }: Entry): string[] {
  const at = `package-lock.json: ${path}`
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
  const floor = FLOORS[name]
  return [
    ...(resolved === undefined ? [] : [`${at} names an address (resolved); npm finds it by name, so delete that line`]),
    ...(link || /^sha512-/.test(integrity ?? '') ? [] : [`${at} has no sha512 integrity`]),
    ...(floor !== undefined && isOlder(version, floor) ? [`${at} is ${version}; expected ${floor} or later`] : [])
  ]
}

/** Compares by numbers; a pre-release counts as its release. */
export function isOlder(version: string, floor: string): boolean {
  const [left, right] = [version, floor].map((text) => text.split(/[.-]/).slice(0, 3).map(Number))
  const index = right!.findIndex((part, place) => part !== left![place])
  return index >= 0 && left![index]! < right![index]!
}
