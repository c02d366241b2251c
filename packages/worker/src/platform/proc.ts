import { readdirSync, readFileSync } from 'node:fs'
import { MARKER, type ProcessEntry, type ProcessIdentity, type Processes } from './processes.js'

/** Linux: the files of /proc. */
export const proc: Processes = {
  list: () => names().map(name => readStat(Number(name))).filter(stat => stat !== null),
  marked(command, among) {
    const mark = `\0${MARKER}=${command}\0`
    return among.filter(({ pid }) => `\0${readText(`/proc/${pid}/environ`) ?? ''}`.includes(mark)).map(({ pid }) => pid)
  },
  identify(pid): ProcessIdentity | null {
    const stat = readStat(pid)
    const boot = readText('/proc/sys/kernel/random/boot_id')
    return stat === null || boot === null ? null : { pid, startTicks: stat.startTicks, boot: boot.trim() }
  },
}

function names(): string[] {
  try {
    return readdirSync('/proc').filter(name => /^\d+$/.test(name))
  } catch {
    return []
  }
}

function readStat(pid: number): (ProcessEntry & { startTicks: string }) | null {
  const text = readText(`/proc/${pid}/stat`)
  if (text === null) return null
  // The name in parentheses may hold anything, also spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state = '', parent, group, session] = fields
  return { pid, zombie: state === 'Z' || state === 'X', parent: Number(parent), group: Number(group), session: Number(session), startTicks: fields[19] ?? '' }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return null
  }
}
