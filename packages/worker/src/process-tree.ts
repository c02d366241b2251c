import { readdirSync, readFileSync } from 'node:fs'
import type { Clock } from '@yardmaster/runtime'

/** The environment variable that marks every process of a command, whatever its session and parent. */
export const MARKER = 'YARD_COMMAND'

/** A process that cannot be mistaken for a later one with the same pid: start time in ticks, and the boot that counts them. */
export type ProcessIdentity = { pid: number; startTicks: string; boot: string }

/** Null when there is no such process, or no /proc to tell by. */
export function identify(pid: number): ProcessIdentity | null {
  const stat = readStat(pid)
  const boot = readText('/proc/sys/kernel/random/boot_id')
  return stat === null || boot === null ? null : { pid, startTicks: stat.startTicks, boot: boot.trim() }
}

export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid)
  return now !== null && now.startTicks === identity.startTicks && now.boot === identity.boot
}

/** The processes of one command. `root` is its first process, as long as it is certain that the pid is still that process. */
export type Tree = { command: string; root: number | null }

/** Sends `signal` to every process of the tree that can be found now: its process group, its session, the marked, and their descendants. */
export function signalTree(tree: Tree, signal: 'SIGTERM' | 'SIGKILL'): number {
  // The group first: one call that no fork can outrun.
  if (tree.root !== null) send(-tree.root, signal)
  const members = findMembers(tree)
  for (const pid of members) send(pid, signal)
  return members.length
}

/** Kills the tree, and looks again until nothing of it is left; gives up after two seconds. Resolves to whether it is gone. */
export async function killTree(tree: Tree, clock: Clock): Promise<boolean> {
  const deadline = clock.monotonic() + 2000
  while (signalTree(tree, 'SIGKILL') > 0) {
    if (clock.monotonic() > deadline) return false
    await clock.sleep(10)
  }
  return true
}

/** The same where nothing can be waited for: in the last moment of the worker process. */
export function killTreeNow(tree: Tree): void {
  for (let round = 0; round < 20 && signalTree(tree, 'SIGKILL') > 0; round++);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended by itself, or became another user's (setuid): nothing more can be done from here.
  }
}

type Stat = { pid: number; parent: number; session: number; zombie: boolean; startTicks: string }

function findMembers(tree: Tree): number[] {
  const processes = listProcesses()
  const mark = `\0${MARKER}=${tree.command}\0`
  const members = new Set(processes
    .filter(({ pid, session }) => pid === tree.root || session === tree.root || `\0${readText(`/proc/${pid}/environ`) ?? ''}`.includes(mark))
    .map(({ pid }) => pid))
  for (let before = -1; before !== members.size;) {
    before = members.size
    for (const { pid, parent } of processes) if (members.has(parent)) members.add(pid)
  }
  members.delete(process.pid)
  return processes.filter(({ pid, zombie }) => members.has(pid) && !zombie).map(({ pid }) => pid)
}

function listProcesses(): Stat[] {
  let names: string[]
  try {
    names = readdirSync('/proc')
  } catch {
    return []
  }
  return names.filter(name => /^\d+$/.test(name)).map(name => readStat(Number(name))).filter(stat => stat !== null)
}

function readStat(pid: number): Stat | null {
  const text = readText(`/proc/${pid}/stat`)
  if (text === null) return null
  // The name in parentheses may hold anything, also spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { pid, zombie: fields[0] === 'Z' || fields[0] === 'X', parent: Number(fields[1]), session: Number(fields[3]), startTicks: fields[19] ?? '' }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return null
  }
}
