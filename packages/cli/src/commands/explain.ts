import { builders, type Explanation } from '@yardmaster/rest'
import type { Command } from 'commander'
import type { Context } from '../context.js'
import { Problem } from '../problem.js'
import { paintFor } from '../render.js'
import type { Remote } from '../remote.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

async function asked(remote: Remote, what: string | undefined): Promise<Explanation[]> {
  if (what === undefined) return remote.yard(client => client.explain())
  if (/^\d+$/.test(what)) return remote.yard(client => client.explain('requests', what))
  const [pools, all] = await Promise.all([remote.yard(client => client.pools()), remote.list(builders, 'builders')])
  const [isPool, isBuilder] = [pools.some(pool => pool.name === what), all.some(builder => builder.name === what)]
  if (!isPool && !isBuilder) throw new Problem(`${JSON.stringify(what)} is no build request, no builder and no pool; there are the builders ${all.map(({ name }) => name).sort().join(', ') || '(none)'} and the pools ${pools.map(({ name }) => name).join(', ') || '(none)'}`)
  const found = [...(isPool ? await remote.yard(client => client.explain('pools', what)) : []), ...(isBuilder ? await remote.yard(client => client.explain('builders', what)) : [])]
  const key = ({ about: { kind, id } }: Explanation) => `${kind} ${id}`
  return found.filter((one, index) => found.findIndex(other => key(other) === key(one)) === index)
}

export function addExplain(program: Command, context: Context): void {
  withRemote(program.command('explain').description('tell why a build waits, or why a pool has as many machines as it has').argument('[what]', 'number of a build request, or name of a builder or pool; all pools without'))
    .addHelpText('after', '\nExamples:\n  $ yard explain\n  $ yard explain 4711\n  $ yard explain big\n')
    .action(async (what: string | undefined, options: RemoteOptions) => {
      const explanations = await asked(remoteFor(options, context), what)
      if (options.json) return context.print(JSON.stringify(explanations))
      if (explanations.length === 0) return context.print('no pool is configured')
      const paint = paintFor(context.colours)
      for (const { about: { kind, name }, sentences } of explanations) {
        context.print(paint.bold(kind === 'request' ? name : `${kind} ${name}`))
        for (const sentence of sentences) context.print(`  ${sentence}`)
      }
    })
}
