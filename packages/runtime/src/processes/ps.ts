import { spawnSync } from 'node:child_process'
import type { ProcessEntry, Processes } from './processes.js'

/** What `ps` says of one process: `command` is its command line, and after it its environment, where we may see it. */
export type PsLine = ProcessEntry & { started: string; command: string }

const COLUMNS = 'pid=,ppid=,pgid=,stat=,lstart=,command='
const LINE = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]{8}\s+\d{4})\s+(.*)$/

/** As macOS and the BSDs say it; procps of Linux prints the same for `axeww`. */
export function parsePs(text: string): PsLine[] {
  return text.split('\n').flatMap(line => {
    const [all, pid, parent, group, state = '', started = '', command = ''] = LINE.exec(line) ?? []
    if (all === undefined) return []
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), session: null, zombie: state.startsWith('Z'), started: started.replaceAll(/\s+/g, ' '), command }]
  })
}

/** Systems without /proc. `args` list every process with its environment, in unbounded lines. */
export function processesByPs(args: readonly string[]): Processes {
  // The C locale has the dates that are read here.
  const ps = (more: readonly string[]) => parsePs(spawnSync('ps', [...more, '-o', COLUMNS], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' }, maxBuffer: 256 * 1024 * 1024 }).stdout ?? '')
  let newest: PsLine[] = []
  return {
    list: () => { newest = ps(args); return newest },
    marks(name, among) {
      const pids = new Set(among.map(({ pid }) => pid))
      const values = newest.filter(({ pid }) => pids.has(pid)).map(({ pid, command }): [number, string | undefined] => [pid, variable(command, name)])
      return new Map(values.filter((entry): entry is [number, string] => entry[1] !== undefined))
    },
    identify(pid) {
      const [line] = ps(['-p', String(pid)])
      return line === undefined ? null : { pid, startTicks: line.started, boot: '' }
    },
  }
}

/** The environment comes last, after arguments that may look like it. */
function variable(command: string, name: string): string | undefined {
  const before = ` ${name}=`
  const at = command.lastIndexOf(before)
  return at < 0 ? undefined : command.slice(at + before.length).split(' ', 1)[0]
}

export const macosPs = ['-A', '-E', '-ww'] as const
