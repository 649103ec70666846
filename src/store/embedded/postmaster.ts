import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** What PostgreSQL itself keeps in `postmaster.pid`. */
export type Postmaster = { readonly pid: number; readonly port: number; readonly isReady: boolean }

/** The server that `dataPath` says it has; it may be long dead. */
export function readPostmaster(dataPath: string): Postmaster | undefined {
  try {
    const [pid, , , port, , , , status] = readFileSync(join(dataPath, 'postmaster.pid'), 'utf8').split('\n')
    return Number(pid) > 0 ? { pid: Number(pid), port: Number(port), isReady: status?.trim() === 'ready' } : undefined
  } catch {
    return undefined
  }
}

/** Whether that process exists, as far as PostgreSQL's own check can tell (so a zombie does). */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether that process is a server of this folder: numbers are used again, by anything. */
export function isServerOf(pid: number, dataPath: string): boolean {
  if (!isProcessAlive(pid)) return false
  if (process.platform === 'win32') return true
  if (process.platform !== 'linux') return commandLine(pid).includes(dataPath)
  return workingFolder(pid) === dataPath || procCommandLine(pid).includes(dataPath)
}

// A server's working folder is its data folder. Empty for a zombie.
function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

function procCommandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

function commandLine(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  } catch {
    return ''
  }
}
