import { routes } from '@yardmaster/rest'
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { resultText } from '../render.js'
import { printTable } from './listing.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

export function addSearch(program: Command, context: Context): void {
  withRemote(program.command('search').description('find builders, workers, builds, build requests and changes').argument('<words...>', 'a name, "builder #45", the beginning of a revision, a branch, an author'))
    .addHelpText('after', '\nExamples:\n  $ yard search linux\n  $ yard search "linux #45"\n  $ yard search 3fa4c1\n')
    .action(async (words: string[], options: RemoteOptions) => {
      const { hits } = await remoteFor(options, context).yard(client => client.call(routes.lists.search, { query: { q: words.join(' ') } }))
      if (options.json) return context.print(JSON.stringify(hits))
      if (hits.length === 0) return context.print('nothing is found')
      printTable(context, ['', 'WHAT', 'RESULT', ''], hits.map(({ kind, title, detail, results }) => [kind, title, kind === 'build' ? resultText(results) : '', detail]))
    })
}
