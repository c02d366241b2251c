import type { SchedulerAction, YardScheduler } from '@yardmaster/rest'
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { duration } from '../render.js'
import { printTable } from './listing.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

const inTime = (at: number, now: number): string => (at <= now ? 'now' : `in ${duration(at - now)}`)

/** The next time at which it acts by itself. */
function next({ nextAt, waiting }: YardScheduler, now: number): string {
  const times = [nextAt, waiting.nextAt].filter(at => at !== null)
  return times.length === 0 ? '-' : inTime(Math.min(...times), now)
}

/** What there is to say of it now. */
function state({ enabled, trouble, tasks, waiting, silence, firedAt }: YardScheduler, now: number): string {
  return [
    enabled ? '' : 'disabled',
    trouble === null ? '' : `cannot build for ${duration(now - trouble.since)} (again ${inTime(trouble.againAt, now)}): ${trouble.failure}`,
    trouble === null && tasks > 0 ? `${tasks} to build` : '',
    waiting.changes > 0 ? `${waiting.changes} ${waiting.changes === 1 ? 'change waits' : 'changes wait'}` : '',
    firedAt === null ? '' : `last ${duration(now - firedAt)} ago${silence === null ? '' : `: nothing built, ${silence}`}`,
  ].filter(part => part !== '').join('; ') || '-'
}

export function addSchedulers(program: Command, context: Context): void {
  // Not `scheduler`: that runs the service.
  const schedulers = program.command('schedulers').description('list the schedulers: when they act next, what waits in them, why they are silent; enable or disable one')
  withRemote(schedulers)
    .addHelpText('after', '\nExamples:\n  $ yard schedulers\n  $ yard schedulers disable nightly\n')
    .action(async (options: RemoteOptions) => {
      const all = await remoteFor(options, context).yard(client => client.schedulers())
      if (options.json) return context.print(JSON.stringify(all))
      if (all.length === 0) return context.print('the configuration has no scheduler')
      const now = context.clock.now() / 1000
      printTable(context, ['NAME', 'KIND', 'WHEN', 'NEXT', 'BUILDERS', 'STATE'], all.map(scheduler => [
        scheduler.name, scheduler.kind, scheduler.when, next(scheduler, now), buildersText(scheduler.builders), state(scheduler, now)]))
    })
  control(schedulers, context, 'enable', 'lets a scheduler act again')
  control(schedulers, context, 'disable', 'keeps a scheduler from building: changes are not taken, ticks and ends of others pass')
}

function buildersText(builders: string[] | null): string {
  if (builders === null) return 'by a function'
  return builders.length > 3 ? `${builders.slice(0, 2).join(', ')} and ${builders.length - 2} more` : builders.join(', ')
}

function control(parent: Command, context: Context, action: SchedulerAction, description: string): void {
  withRemote(parent.command(action).description(description).argument('<name>', 'its name'))
    // The list's own options are taken wherever they stand.
    .action(async (name: string, _options: RemoteOptions, command: Command) => {
      const options = command.optsWithGlobals<RemoteOptions>()
      const scheduler = await remoteFor(options, context).yard(client => client.controlScheduler(name, action))
      context.print(options.json ? JSON.stringify(scheduler) : `${scheduler.name} is ${scheduler.enabled ? 'enabled' : 'disabled'}`)
    })
}
