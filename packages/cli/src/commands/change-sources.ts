import type { ChangeSource } from '@yardmaster/rest'
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { duration } from '../render.js'
import { printTable } from './listing.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

function nextOf({ dueAt, asked, pollingOn }: ChangeSource, now: number): string {
  if (pollingOn !== null) return `polled by ${pollingOn}`
  if (asked) return 'now'
  if (dueAt === null) return 'when asked'
  return dueAt <= now ? 'now' : `in ${duration(dueAt - now)}`
}

export function addChangeSources(program: Command, context: Context): void {
  withRemote(program.command('changesources').description('list where changes are looked for, or look now').argument('[name]', 'of the one to poll now'))
    .option('--poll', 'have it polled now; without a name all of them')
    .addHelpText('after', '\nExamples:\n  $ yard changesources\n  $ yard changesources https://git.example.org/hello.git --poll\n')
    .action(async (name: string | undefined, options: RemoteOptions & { poll?: boolean }) => {
      const remote = remoteFor(options, context)
      const sources = name === undefined ? await remote.yard(client => client.changeSources()) : [await remote.yard(client => client.changeSource(name))]
      const shown = options.poll ? await Promise.all(sources.map(({ id }) => remote.yard(client => client.pollChangeSource(id)))) : sources
      if (options.json) return context.print(JSON.stringify(shown))
      if (shown.length === 0) return context.print('the configuration has no change source')
      const now = context.clock.now() / 1000
      printTable(context, ['NAME', 'HEADS', 'POLLED', 'NEXT', 'TROUBLE'], shown.map(source =>
        [source.name, String(source.heads), source.polledAt === null ? 'never' : `${duration(now - source.polledAt)} ago`, nextOf(source, now), source.trouble?.split('\n')[0] ?? '-']))
    })
}
