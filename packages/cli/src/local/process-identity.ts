import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Clock } from '@yardmaster/runtime'
import { holdsWithin } from './wait.js'

/** A process that cannot be mistaken for a later one with the same pid. */
export type ProcessIdentity = { pid: number; startedAt: string }

function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command name stands in parentheses and may hold anything: fields count from the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? null : fields[19] ?? null
  } catch {
    if (process.platform === 'linux') return null
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || null
  } catch {
    return null
  }
}

export function identityOf(pid: number): ProcessIdentity | null {
  const startedAt = startOf(pid)
  return startedAt === null ? null : { pid, startedAt }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return startOf(identity.pid) === identity.startedAt
}

function signal(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** Signals the process if it is still the one we mean. */
export function signalProcess(identity: ProcessIdentity, name: NodeJS.Signals): void {
  if (isAlive(identity)) signal(identity.pid, name)
}

export type StopOptions = { clock: Clock; signal: NodeJS.Signals; withinMs: number }

/** Signals a process and waits for its end; after `withinMs` its whole process group is killed. */
export async function stopProcess(identity: ProcessIdentity, options: StopOptions): Promise<void> {
  if (!isAlive(identity)) return
  signal(identity.pid, options.signal)
  if (await holdsWithin(options.clock, options.withinMs, () => !isAlive(identity))) return
  killGroup(identity)
  await holdsWithin(options.clock, 5_000, () => !isAlive(identity))
}

/** Kills the process and the group that it leads, if it is still the one we mean. */
export function killGroup(identity: ProcessIdentity): void {
  if (!isAlive(identity)) return
  signal(-identity.pid, 'SIGKILL')
  signal(identity.pid, 'SIGKILL')
}
