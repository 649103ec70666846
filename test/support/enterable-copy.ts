import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canEnter } from '../../src/store/embedded/server-user.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NEEDED = ['package.json', 'src', 'test', 'node_modules']
const ANYBODY = { uid: -1, gid: -1 }

/** Node and these sources in a folder that every user can enter, wherever the checkout is. */
export async function enterableCopy(): Promise<AsyncDisposable & { readonly node: string; readonly script: string }> {
  const path = await mkdtemp(join(tmpdir(), 'contango-copy-'))
  const node = join(path, 'node')
  const script = join(path, 'test', 'support', 'embedded-holder.ts')
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: ROOT, stdio: 'pipe' })
  const isEnterable = async () => (await canEnter(node, ANYBODY)) && (await canEnter(dirname(script), ANYBODY))
  await chmod(path, 0o755)
  try {
    run('cp', '-al', ...NEEDED, path)
    run('cp', '-lL', process.execPath, node)
  } catch {
    // Another file system, or files of another user: they cannot be linked.
  }
  if (!(await isEnterable())) {
    run('rm', '-rf', ...[...NEEDED, 'node'].map((name) => join(path, name)))
    run('cp', '-a', ...NEEDED, path)
    run('cp', '-L', process.execPath, node)
    run('chmod', '-R', 'a+rX', path)
  }
  return { node, script, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}
