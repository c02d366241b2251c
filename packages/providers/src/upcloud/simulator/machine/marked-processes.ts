import { readdirSync, readFileSync } from 'node:fs'

/** Processes of this host by the value that their environment has for `name`: also those that left their group and session. Linux only; elsewhere none. */
export function processesByMark(name: string): Map<string, number[]> {
  const found = new Map<string, number[]>()
  if (process.platform !== 'linux') return found
  for (const pid of readdirSync('/proc').filter(entry => /^\d+$/.test(entry)).map(Number)) {
    const value = pid === process.pid ? null : valueOf(pid, name)
    if (value !== null) found.set(value, [...found.get(value) ?? [], pid])
  }
  return found
}

function valueOf(pid: number, name: string): string | null {
  try {
    const entry = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').find(one => one.startsWith(`${name}=`))
    return entry === undefined ? null : entry.slice(name.length + 1)
  } catch {
    // It is gone, or not ours.
    return null
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

/** Kills until a look finds none: one may have forked between look and kill. A process that cannot die is given up. */
export function killMarked(name: string, value: string): void {
  for (let round = 0; round < 20; round++) {
    const pids = (processesByMark(name).get(value) ?? []).filter(pid => !isZombie(pid))
    if (pids.length === 0) return
    for (const pid of pids) kill(pid)
  }
}

function isZombie(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return true
  }
}
