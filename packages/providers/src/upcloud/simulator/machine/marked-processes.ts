import { readdirSync, readFileSync } from 'node:fs'

/** Processes of this host whose environment has `mark` (NAME=value): also those that left their group and session. Linux only; elsewhere none. */
export function processesMarked(mark: string): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(Number).filter(pid => {
    if (pid === process.pid) return false
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark)
    } catch {
      // It is gone, or not ours.
      return false
    }
  })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

/** Kills until a look finds none: one may have forked between look and kill. Answers how many were killed; a process that cannot die is given up. */
export function killMarked(mark: string): number {
  const killed = new Set<number>()
  for (let round = 0; round < 20; round++) {
    const pids = processesMarked(mark).filter(pid => !isZombie(pid))
    if (pids.length === 0) break
    for (const pid of pids) {
      kill(pid)
      killed.add(pid)
    }
  }
  return killed.size
}

function isZombie(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return true
  }
}
