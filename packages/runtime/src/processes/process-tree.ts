import type { Clock } from '../clock.js'
import type { Mark, ProcessIdentity, Processes } from './processes.js'
import { processes } from './this-system.js'

export function identify(pid: number): ProcessIdentity | null {
  return processes.identify(pid)
}

export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid)
  return now !== null && now.startTicks === identity.startTicks && now.boot === identity.boot
}

/** Processes that belong together. `root` is the first of them, as long as it is certain that the pid is still that process. */
export type Tree = { mark: Mark; root: number | null }

/** Sends `signal` to every process of the tree that can be found now: its process group, its session, the marked, and their descendants. */
export function signalTree(tree: Tree, signal: 'SIGTERM' | 'SIGKILL'): number {
  // The group first: one call that no fork can outrun.
  if (tree.root !== null && !send(-tree.root, signal)) send(tree.root, signal)
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

/** The same where nothing can be waited for: in the last moment of this process. */
export function killTreeNow(tree: Tree): void {
  for (let round = 0; round < 20 && signalTree(tree, 'SIGKILL') > 0; round++);
}

/** False: it ended by itself, became another user's (setuid), or there are no groups here; nothing more can be done in that way. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** Of the tree what lives now: its process group, its session, the marked, and their descendants. */
export function findMembers(tree: Tree, of: Processes = processes): number[] {
  const all = of.list()
  const marks = of.marks(tree.mark.name, all)
  const members = new Set(all
    .filter(({ pid, group, session }) => pid === tree.root || (tree.root !== null && (group === tree.root || session === tree.root)) || marks.get(pid) === tree.mark.value)
    .map(({ pid }) => pid))
  for (let before = -1; before !== members.size;) {
    before = members.size
    for (const { pid, parent } of all) if (members.has(parent)) members.add(pid)
  }
  members.delete(process.pid)
  return all.filter(({ pid, zombie }) => members.has(pid) && !zombie).map(({ pid }) => pid)
}
