import { readdirSync, readFileSync } from 'node:fs'
import type { ProcessEntry, ProcessIdentity, Processes } from './processes.js'

/** Linux: the files of /proc. */
export const proc: Processes = {
  list: () => names().map(name => readStat(Number(name))).filter(stat => stat !== null),
  marks(name, among) {
    const values = among.map(({ pid }): [number, string | undefined] => [pid, variable(readText(`/proc/${pid}/environ`), name)])
    return new Map(values.filter((entry): entry is [number, string] => entry[1] !== undefined))
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

function variable(environ: string | null, name: string): string | undefined {
  const before = `\0${name}=`
  const text = `\0${environ ?? ''}`
  const at = text.indexOf(before)
  return at < 0 ? undefined : text.slice(at + before.length).split('\0', 1)[0]
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
