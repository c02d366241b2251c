import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join, sep } from 'node:path'

/** A process of a machine: its worker, or something that its worker runs. */
export type MachineProcess = {
  pid: number
  /** Of the worker; null: it is not a worker but what one runs. */
  worker: string | null
}

const below = (path: string | undefined, folder: string) => path === folder || path?.startsWith(folder + sep) === true

function look(pid: number, folder: string): MachineProcess | null {
  try {
    const environment = new Map(readFileSync(join('/proc', String(pid), 'environ'), 'utf8').split('\0').map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
    if (below(environment.get('YARD_WORKER_BASEDIR'), folder)) return { pid, worker: environment.get('YARD_WORKER_NAME') ?? null }
    // A zombie has no folder, and counts as ended.
    return below(readlinkSync(join('/proc', String(pid), 'cwd')).replace(/ \(deleted\)$/, ''), folder) ? { pid, worker: null } : null
  } catch {
    // It has just ended, or is not ours to look at.
    return null
  }
}

/** What the system itself knows to run of machines whose folders are below `folder`. */
export function machineProcesses(folder: string): MachineProcess[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.flatMap(pid => look(pid, folder) ?? [])
}

/** The end of a test: provisioners leave machines running when they stop, as they should. Again, until what is killed has started nothing more. */
export function killMachines(folder: string): void {
  for (let left = machineProcesses(folder); left.length > 0; left = machineProcesses(folder)) {
    for (const { pid } of left) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has just ended.
      }
    }
  }
}
