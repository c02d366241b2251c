import type { WorkerAction, YardWorker } from '@yardmaster/rest'
import { workers } from '@yardmaster/rest'
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { Problem } from '../problem.js'
import { duration } from '../render.js'
import type { Remote } from '../remote.js'
import { printTable } from './listing.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

/** In a few words: where it is, what it does, and why it is given nothing. */
export function workerState(worker: YardWorker, now: number): string {
  const { connected, pool, machine, awaySince, missing, builds, quarantine, paused, graceful, killed, downtime } = worker
  const place = connected ? (builds === 0 ? 'idle' : `building ${builds}`) : pool !== null ? (machine === null ? 'no machine' : `machine ${machine}`) : awaySince === null ? 'never came' : `away for ${duration(now - awaySince)}`
  return [
    missing ? `missing (${place})` : place,
    killed ? 'killed' : graceful ? 'shutting down' : '',
    paused ? `paused${paused.reason ? ` (${paused.reason})` : ''}` : '',
    quarantine ? `in quarantine for ${duration(quarantine.until - now)} (${quarantine.reason})` : '',
    downtime ? `in downtime for ${duration(downtime.until - now)}${downtime.reason ? ` (${downtime.reason})` : ''}` : '',
  ].filter(part => part !== '').join(', ')
}

const GiB = 1024 ** 3

/** A latent worker's last report was of a machine that is gone. */
function loadOf({ status, pool, connected }: YardWorker): string[] {
  return status === null || (pool !== null && connected === null) ? ['-', '-'] : [status.load1.toFixed(2), `${(status.diskFreeBytes / GiB).toFixed(1)} GiB`]
}

export function addWorkers(program: Command, context: Context): void {
  withRemote(program.command('workers').description('list the workers: where they are, what they do, and why they are given nothing'))
    .addHelpText('after', '\nExample:\n  $ yard workers\n')
    .action(async (options: RemoteOptions) => {
      const all = await remoteFor(options, context).yard(client => client.workers())
      if (options.json) return context.print(JSON.stringify(all))
      const now = context.clock.now() / 1000
      printTable(context, ['WORKER', 'STATE', 'ENGINE', 'LOAD', 'DISK FREE', 'LABELS'], all.map(worker => [
        worker.name, workerState(worker, now), worker.connected?.engine ?? '-', ...loadOf(worker), Object.entries(worker.labels).map(([name, value]) => `${name}=${value}`).join(' '),
      ]))
    })
}

const controls: { action: WorkerAction; description: string; done: (name: string, latent: boolean) => string; reason: boolean }[] = [
  { action: 'pause', description: 'give a worker no further build; what runs goes on', done: name => `${name} is paused`, reason: true },
  { action: 'unpause', description: 'give a paused worker builds again', done: name => `${name} is given builds again`, reason: false },
  { action: 'stop', description: 'let a worker finish what it builds, and then end', done: (name, latent) => (latent ? `the machine of ${name} is removed once it is idle` : `${name} ends once it is idle`), reason: true },
  { action: 'kill', description: 'end a worker at once; what it builds is built again elsewhere', done: (name, latent) => (latent ? `the machine of ${name} is removed` : `${name} is killed`), reason: true },
  { action: 'unquarantine', description: 'give a worker builds again that has failed too often', done: name => `${name} is out of quarantine`, reason: false },
]

/** The subcommands of `yard worker`, which by itself runs one. */
export function addWorkerControls(worker: Command, context: Context): void {
  for (const { action, description, done, reason } of controls) {
    const command = withRemote(worker.command(action).helpOption('-h, --help').description(description).argument('<worker>', 'its name'))
    if (reason) command.option('--reason <text>', 'shown with the worker')
    command.action(async (name: string, options: RemoteOptions & { reason?: string }) => {
      const remote = remoteFor(options, context)
      const { id } = await findWorker(remote, name)
      const after = await remote.yard(client => client.controlWorker(id, action, options.reason === undefined ? {} : { reason: options.reason }))
      context.print(options.json ? JSON.stringify(after) : done(after.name, after.pool !== null))
    })
  }
}

async function findWorker(remote: Remote, name: string): Promise<{ id: number }> {
  const all = await remote.list(workers, 'workers')
  const found = all.find(worker => worker.name === name) ?? all.find(worker => String(worker.workerid) === name)
  if (found) return { id: found.workerid }
  const names = all.map(worker => worker.name).sort()
  throw new Problem(`there is no worker ${JSON.stringify(name)}; ${names.length === 0 ? 'no worker is configured' : `there are: ${names.join(', ')}`}`)
}
