import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { machineName, type Json, type Machine, type MachineLabel, type MachineProvider, type MachineRequest } from '@yardmaster/domain'
import type { Clock, Random } from '@yardmaster/runtime'
import { identify, isAlive, killTree, processes } from '@yardmaster/runtime/processes'
import { ProviderError } from '../provider-error.js'
import { machineFiles, type MachineFile, type MachineFiles } from './machine-files.js'
import { boundLog, labelOfMark, MARK, markOf, startWorker } from './worker-process.js'

/** One machine to a label: whoever makes it again finds it. */
function idOf(label: MachineLabel): string {
  const { installation, worker, attempt } = label
  return `${machineName(label)}-${createHash('sha256').update(JSON.stringify([installation, worker, attempt])).digest('hex').slice(0, 8)}`
}

/** Labels of the machines of which processes live, by the mark that all of them carry. */
function livingMarks(): Map<string, MachineLabel> {
  const labels = [...new Set(processes.marks(MARK, processes.list().filter(({ zombie }) => !zombie)).values())].map(labelOfMark).filter(label => label !== null)
  return new Map(labels.map(label => [idOf(label), label]))
}

/** Machines that this process is starting at the moment. */
const starting = new Set<string>()

/** Whether its process may still come to be. */
function isBegun({ label, process: started, starter }: MachineFile): boolean {
  if (started !== null || starter === null) return false
  return starter.pid === process.pid && isAlive(starter) ? starting.has(idOf(label)) : isAlive(starter)
}

function stateOf(file: MachineFile | null, living: boolean): Pick<Machine, 'state' | 'detail'> {
  if (file === null) return living ? { state: 'running', detail: 'processes of it live, though its file is gone' } : { state: 'error', detail: 'its file cannot be read' }
  if (file.process !== null) return isAlive(file.process) ? { state: 'running', detail: 'its worker runs' } : { state: 'stopped', detail: 'its worker has ended' }
  if (isBegun(file)) return { state: 'starting', detail: 'its worker is being started' }
  // It does not heal, as what is in error may.
  return living ? { state: 'running', detail: 'its worker runs' } : { state: 'stopped', detail: 'its worker was never started: the process that began it has ended' }
}

const machine = (label: MachineLabel, file: MachineFile | null, living: boolean): Machine =>
  ({ id: idOf(label), label, ...stateOf(file, living), zone: null, plan: null, createdAt: file?.createdAt ?? null, address: null, storages: [] })

async function start({ files, clock }: { files: MachineFiles; clock: Clock }, file: MachineFile, { label, worker, options }: MachineRequest): Promise<MachineFile> {
  const id = idOf(label)
  try {
    const env = options['env'] as { [name: string]: Json } | null | undefined
    const pid = await startWorker(files.folderOf(id), { label, worker, env: env ?? {} })
    // null: it has ended already.
    const started = { ...file, process: identify(pid) ?? { pid, startTicks: '', boot: '' } }
    await files.replace(id, started)
    return started
  } catch (error) {
    await killTree({ mark: markOf(label), root: null }, clock)
    await files.remove(id)
    throw new ProviderError(`cannot start a worker's process in ${files.folderOf(id)}: ${(error as Error).message}`, { failureClass: 'retry', cause: error })
  }
}

/**
 * Machines that are processes of Yardmaster's worker on this host, each in a folder of its own. They outlive the process that started them; what is known of them
 * is in files, so any process on this host can look after them.
 */
export function processProvider(account: { [name: string]: Json }, { clock, random, home }: { clock: Clock; random: Random; home: string }): MachineProvider {
  const files = machineFiles(typeof account['folder'] === 'string' ? account['folder'] : join(home, 'machines'), random)
  const look = async (id: string, marks: Map<string, MachineLabel>): Promise<Machine | null> => {
    const file = await files.read(id)
    const label = file?.label ?? marks.get(id)
    if (label === undefined) return null
    await boundLog(files.folderOf(id))
    return machine(label, file, marks.has(id))
  }
  return {
    version: 1,
    async create(request) {
      const { label } = request
      const id = idOf(label)
      const starter = identify(process.pid)
      if (starter === null) throw new ProviderError(`on ${process.platform} there is no way to tell processes apart, so none can be a machine`, { failureClass: 'configuration' })
      const file: MachineFile = { version: 1, label, createdAt: clock.now(), starter, process: null }
      if (starting.has(id)) return machine(label, file, false)
      // Before its file can be seen: who finds it must know that its process may still come to be.
      starting.add(id)
      try {
        if (await files.claim(id, file)) return machine(label, await start({ files, clock }, file, request), true)
      } finally {
        starting.delete(id)
      }
      return machine(label, await files.read(id), livingMarks().has(id))
    },
    async list(installation) {
      const marks = livingMarks()
      const ids = new Set([...await files.ids(), ...marks.keys()])
      const machines = await Promise.all([...ids].map(id => look(id, marks)))
      return { machines: machines.filter(found => found !== null).filter(({ label }) => label.installation === installation), leftovers: [] }
    },
    get: id => look(id, livingMarks()),
    async remove({ id, label }) {
      if (id !== idOf(label)) throw new ProviderError(`the machine ${id} is not that of worker ${label.worker}, attempt ${label.attempt}`, { failureClass: 'configuration' })
      const file = await files.read(id)
      // Its starter sees to it that it is known, or nothing of it left.
      if (file !== null && isBegun(file)) return 'going'
      const root = file?.process && isAlive(file.process) ? file.process.pid : null
      if (!await killTree({ mark: markOf(label), root }, clock)) return 'going'
      await files.remove(id)
      return 'gone'
    },
    removeLeftover: () => Promise.resolve(),
  }
}
