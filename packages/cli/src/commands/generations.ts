import { InvalidArgumentError, type Command } from 'commander'
import { routes, type Reload } from '@yardmaster/rest'
import type { Context } from '../context.js'
import { Problem } from '../problem.js'
import { duration } from '../render.js'
import { printTable } from './listing.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

function id(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('expected a number, such as 12')
  return number
}

/** Versions of the configuration: which there were, what they say, and going back to one. */
export function addGenerations(program: Command, context: Context): void {
  withRemote(program.command('generations').description('list the versions of the configuration that were ever active, the newest first'))
    .option('--limit <n>', 'at most so many', id, 20)
    .addHelpText('after', '\nExample:\n  $ yard generations\n')
    .action(async (options: RemoteOptions & { limit: number }) => {
      const { generations } = await remoteFor(options, context).yard(client => client.call(routes.generations.list, { query: { limit: options.limit } }))
      if (options.json) return context.print(JSON.stringify(generations))
      const now = context.clock.now() / 1000
      printTable(context, ['GENERATION', '', 'SET', 'CAME', 'BUILDERS', 'WORKERS', 'SCHEDULERS'],
        generations.map(({ id: number, active, set, createdAt, builders, workers, schedulers }) => [String(number), active ? 'active' : '', set, `${duration(now - createdAt)} ago`, String(builders), String(workers), String(schedulers)]))
    })
  withRemote(program.command('apply').description('make a generation active, also an older one; without one: say what the newest that is not active would change'))
    .option('--generation <n>', 'its number', id)
    .option('--diff', 'only say what it would change')
    .addHelpText('after', '\nExamples:\n  $ yard apply --generation 12 --diff\n  $ yard apply --generation 12\n')
    .action(async (options: RemoteOptions & { generation?: number; diff?: boolean }) => {
      const remote = remoteFor(options, context)
      const generation = options.generation ?? (await remote.yard(client => client.call(routes.generations.list, { query: { limit: 100 } }))).generations.find(({ active }) => !active)?.id
      if (generation === undefined) throw new Problem('there is no generation but those that are active')
      if (options.diff || options.generation === undefined) return showDifferences(await remote.yard(client => client.call(routes.generations.diff, { params: { generation } })), options, context)
      const applied = await remote.yard(client => client.call(routes.generations.apply, { params: { generation } }))
      context.print(options.json ? JSON.stringify(applied.generation) : `generation ${generation} of ${applied.generation.set} is active`)
    })
}

type Compared = { generation: { id: number }; differences: { what: string; before: unknown; after: unknown }[]; more: boolean }

function showDifferences({ generation, differences, more }: Compared, options: RemoteOptions, context: Context): void {
  if (options.json) return context.print(JSON.stringify({ generation, differences, more }))
  if (differences.length === 0) return context.print(`generation ${generation.id} says what is active`)
  const short = (value: unknown) => (value === null ? '–' : JSON.stringify(value).slice(0, 60))
  printTable(context, ['WHERE', 'NOW', `GENERATION ${generation.id}`], differences.map(({ what, before, after }) => [what, short(before), short(after)]))
  if (more) context.print('… and more')
}

/** How long replicas are waited for. */
const PATIENCE_MS = 60_000
const PAUSE_MS = 300

export function addReload(program: Command, context: Context, finish: (code: number) => void): void {
  withRemote(program.command('reload').description('have every replica read its configuration file again, and say what came of it'))
    .option('--set <name>', 'of this configuration set')
    .addHelpText('after', '\nExample:\n  $ yard reload\n')
    .action(async (options: RemoteOptions & { set?: string }) => {
      const remote = remoteFor(options, context)
      const since = context.clock.monotonic()
      let { reload } = await remote.yard(client => client.call(routes.reloads.reload, { body: { set: options.set } }))
      while (reload.awaited.length > 0 && context.clock.monotonic() - since < PATIENCE_MS) {
        await context.clock.sleep(PAUSE_MS)
        const { id: number } = reload
        reload = (await remote.yard(client => client.call(routes.reloads.one, { params: { reload: number } }))).reload
      }
      tell(reload, options, context)
      finish(reload.awaited.length === 0 && reload.outcomes.every(({ outcome }) => outcome === 'activated' || outcome === 'unchanged' || outcome === 'absent') ? 0 : 1)
    })
}

function tell(reload: Reload, options: RemoteOptions, context: Context): void {
  if (options.json) return context.print(JSON.stringify(reload))
  printTable(context, ['REPLICA', 'ROLE', 'OUTCOME', 'GENERATION'], [
    ...reload.outcomes.map(({ name, role, outcome, generationId }) => [name, role, outcome, generationId === null ? '–' : String(generationId)]), ...reload.awaited.map(({ name, role }) => [name, role, 'no answer yet', '–']),
  ])
  for (const findings of new Set(reload.outcomes.flatMap(outcome => outcome.findings ?? []))) context.warn(findings)
}
