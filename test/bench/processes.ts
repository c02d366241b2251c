import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** /proc counts in ticks of 10 ms on every Linux that Node runs on. */
const TICK_MS = 10

/** What of /proc/PID/stat is wanted; null when the process is gone. */
function statOf(pid: number): { parent: number; cpuMs: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command name stands in parentheses and may hold anything: fields count from the last one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number)
    const [, parent = 0] = fields
    // utime, stime, and both of the children that have ended and were waited for.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + field, 0)
    return { parent, cpuMs: ticks * TICK_MS }
  } catch {
    return null
  }
}

/** CPU time so far of each named process with all its descendants, ms. */
export function cpuOf<Name extends string>(pids: { [name in Name]: number }): { [name in Name]: number } {
  const stats = new Map(readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(name => {
    const stat = statOf(Number(name))
    return stat === null ? [] : [[Number(name), stat] as const]
  }))
  const ofTree = (root: number): number => [...stats].filter(([, stat]) => stat.parent === root).reduce((sum, [pid]) => sum + ofTree(pid), stats.get(root)?.cpuMs ?? 0)
  return Object.fromEntries(Object.entries<number>(pids).map(([name, pid]) => [name, ofTree(pid)])) as { [name in Name]: number }
}

/** CPU time that the whole machine has spent so far, ms. */
export function machineCpu(): number {
  const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.split(/\s+/).map(Number)
  return [user, nice, system, irq, softirq].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) * TICK_MS
}

function statusMegabytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (!match) throw new Error(`/proc/${pid}/status has no ${field}`)
  return Number(match[1]) / 1024
}

/** Resident memory now, MB. */
export const residentMegabytes = (pid: number) => statusMegabytes(pid, 'VmRSS')

/** Highest resident memory since `resetPeak`, MB. */
export const peakMegabytes = (pid: number) => statusMegabytes(pid, 'VmHWM')

export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}
