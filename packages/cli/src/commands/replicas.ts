import type { Replica } from '@yardmaster/rest'
import { InvalidArgumentError, type Command } from 'commander'
import type { Context } from '../context.js'
import { Problem } from '../problem.js'
import { duration } from '../render.js'
import { Away, type Remote } from '../remote.js'
import { printTable } from './listing.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

type DrainOptions = RemoteOptions & { deadline?: number; wait?: boolean; cancel?: boolean }

const units: { [unit: string]: number } = { s: 1, m: 60, h: 3600 }
const betweenLooksMs = 500
const patienceMs = 60_000

/** Commander's reader of `90`, `90s`, `10m`, `2h`: whole seconds. */
export function seconds(text: string): number {
  const [, number, unit = 's'] = /^(\d{1,6})([smh]?)$/.exec(text) ?? []
  if (number === undefined) throw new InvalidArgumentError('expected a duration like 30s, 10m or 2h')
  return Number(number) * (units[unit || 's'] ?? 1)
}

function stateOf({ state, draining }: Replica, now: number): string {
  if (state !== 'alive') return state
  if (draining === null) return 'alive'
  return draining.deadline === null ? 'draining' : `draining, ${duration(draining.deadline - now)} left`
}

const count = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`

function limitsOf({ limits, sets }: Replica): string {
  const builders = limits?.builders ?? []
  const labels = Object.entries(limits?.labels ?? {}).map(([name, value]) => `${name}=${value}`)
  return [sets.length > 0 ? `set ${sets.join(',')}` : '', builders.length > 0 ? `builders ${builders.join(',')}` : '', labels.length > 0 ? `labels ${labels.join(',')}` : ''].filter(part => part !== '').join('; ')
}

export function addReplicas(program: Command, context: Context): void {
  withRemote(program.command('replicas').description('list the running processes of every role'))
    .option('--all', 'also those of late that have ended')
    .addHelpText('after', '\nExample:\n  $ yard replicas\n')
    .action(async (options: RemoteOptions & { all?: boolean }) => {
      const replicas = await remoteFor(options, context).yard(client => client.replicas({ all: options.all ?? false }))
      if (options.json) return context.print(JSON.stringify(replicas))
      const now = context.clock.now() / 1000
      printTable(context, ['ID', 'ROLE', 'NAME', 'STATE', 'WORKERS', 'BUILDS', 'UP', 'SERVES'], replicas.map(replica => {
        const engine = replica.role === 'engine'
        return [String(replica.id), replica.role, replica.name, stateOf(replica, now), engine ? String(replica.workers) : '-', engine ? String(replica.builds) : '-',
          duration((replica.stoppedAt ?? now) - replica.startedAt), limitsOf(replica)]
      }))
    })
}

async function findEngine(remote: Remote, reference: string): Promise<Replica> {
  const engines = (await remote.yard(client => client.replicas())).filter(({ role }) => role === 'engine')
  const found = engines.filter(({ id, name, host }) => String(id) === reference || name === reference || host === reference)
  if (found.length === 1) return found[0]!
  const names = engines.map(({ id, name }) => `${id} (${name})`).join(', ')
  if (found.length > 1) throw new Problem(`several engines are called ${JSON.stringify(reference)}: name one by its id; there are: ${names}`)
  throw new Problem(`there is no living engine ${JSON.stringify(reference)}; ${names === '' ? 'none lives' : `there are: ${names}`}`)
}

/** Resolves with the exit code once the engine has ended. */
async function follow(remote: Remote, engine: Replica, context: Context): Promise<number> {
  let told = ''
  let heardAt = context.clock.monotonic()
  for (;;) {
    const now = await remote.yard(client => client.replica(engine.id)).catch((error: unknown) => {
      // ui-api may be restarted by the same upgrade.
      if (!(error instanceof Away) || context.clock.monotonic() - heardAt > patienceMs) throw error
      return null
    })
    if (now !== null) {
      heardAt = context.clock.monotonic()
      if (now.state !== 'alive') {
        context.warn(now.state === 'stopped' ? `engine ${now.id} is drained and has ended` : `engine ${now.id} died: others take its builds over`)
        return now.state === 'stopped' ? 0 : 1
      }
      if (now.draining === null) throw new Problem(`the drain of engine ${now.id} was cancelled`)
      const line = `engine ${now.id} drains: ${count(now.workers, 'worker')}, ${count(now.builds, 'build')} left`
      if (line !== told) context.warn(line)
      told = line
    }
    await context.clock.sleep(betweenLooksMs)
  }
}

export function addDrain(program: Command, context: Context, finish: (code: number) => void): void {
  withRemote(program.command('drain').description('let an engine\'s workers and builds go to the others; it ends when nothing is left').argument('<engine>', 'its id, name or host (see yard replicas)'))
    .option('--deadline <duration>', 'give builds of stock workers, which cannot be handed over, at most this long (30s, 10m, 2h)', seconds)
    .option('--wait', 'follow it to its end; the exit code is 0 when it ended in order')
    .option('--cancel', 'work on instead')
    .addHelpText('after', '\nExamples:\n  $ yard drain 12 --wait\n  $ yard drain build-host-2 --deadline 10m\n  $ yard drain 12 --cancel\n')
    .action(async (reference: string, options: DrainOptions) => {
      const remote = remoteFor(options, context)
      const engine = await findEngine(remote, reference)
      if (options.cancel) {
        const replica = await remote.yard(client => client.cancelDrain(engine.id))
        return context.print(options.json ? JSON.stringify(replica) : `engine ${engine.id} works on`)
      }
      const replica = await remote.yard(client => client.drain(engine.id, { deadline: options.deadline ?? null }))
      if (options.json) context.print(JSON.stringify(replica))
      else context.print(`engine ${engine.id} drains: ${count(replica.workers, 'worker')}, ${count(replica.builds, 'build')}`)
      if (options.wait) finish(await follow(remote, engine, context))
    })
}
