import { builders, buildrequests, builds, masters, workers, type Build } from '@yardmaster/rest'
import { InvalidArgumentError, type Command } from 'commander'
import type { Context } from '../context.js'
import { duration, paintFor, paintResult, resultText, table } from '../render.js'
import { builderNames, findBuilder } from '../resources.js'
import type { Remote } from '../remote.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

export function positive(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number from 1')
  return value
}

export function printTable(context: Context, header: string[], rows: string[][], paint?: (text: string, column: number, row: number) => string): void {
  for (const line of table(header, rows, paint)) context.print(line)
}

export function addBuilders(program: Command, context: Context): void {
  withRemote(program.command('builders').description('list the builders with their newest build'))
    .addHelpText('after', '\nExample:\n  $ yard builders --json\n')
    .action(async (options: RemoteOptions) => {
      const remote = remoteFor(options, context)
      const all = (await remote.list(builders, 'builders', { order: 'name' })).filter(builder => builder.masterids.length > 0)
      const newest = await Promise.all(all.map(async ({ builderid }) => (await remote.list(builds, `builders/${builderid}/builds`, { order: '-number', limit: 1 }))[0] ?? null))
      if (options.json) return context.print(JSON.stringify(all.map((builder, index) => ({ ...builder, newestBuild: newest[index] }))))
      const rows = all.map((builder, index) => {
        const build = newest[index]
        return [builder.name, build ? resultText(build.results) : '-', build ? `#${build.number}` : '-', builder.tags.join(' '), builder.description ?? '']
      })
      const paint = paintFor(context.colours)
      printTable(context, ['BUILDER', 'NEWEST', 'BUILD', 'TAGS', 'DESCRIPTION'], rows, (text, column, row) => column === 1 && newest[row] ? paintResult(paint, newest[row].results, text) : text)
    })
}

function ageText(build: Build, nowMs: number): string {
  return `${duration(nowMs / 1000 - build.started_at)} ago`
}

function tookText(build: Build, nowMs: number): string {
  return duration((build.complete_at ?? nowMs / 1000) - build.started_at)
}

async function printBuilds(remote: Remote, list: Build[], context: Context): Promise<void> {
  const names = await builderNames(remote)
  const now = context.clock.now()
  const rows = list.map(build => [String(build.buildid), `${names.get(build.builderid) ?? build.builderid}/${build.number}`, resultText(build.results), ageText(build, now), tookText(build, now), build.state_string])
  const paint = paintFor(context.colours)
  printTable(context, ['ID', 'BUILD', 'RESULT', 'STARTED', 'TOOK', 'STATE'], rows, (text, column, row) => column === 2 ? paintResult(paint, list[row]?.results ?? null, text) : text)
}

export function addBuilds(program: Command, context: Context): void {
  withRemote(program.command('builds').description('list builds, the newest first').argument('[builder]', 'only those of this builder'))
    .option('--limit <number>', 'how many', positive, 20)
    .addHelpText('after', '\nExamples:\n  $ yard builds\n  $ yard builds hello --limit 5\n')
    .action(async (name: string | undefined, options: RemoteOptions & { limit: number }) => {
      const remote = remoteFor(options, context)
      const path = name === undefined ? 'builds' : `builders/${(await findBuilder(remote, name)).builderid}/builds`
      const found = await remote.list(builds, path, { order: '-buildid', limit: options.limit })
      if (options.json) context.print(JSON.stringify(found))
      else await printBuilds(remote, found, context)
    })
}

export function addStatus(program: Command, context: Context): void {
  withRemote(program.command('status').description('show replicas, workers, running builds and waiting requests'))
    .addHelpText('after', '\nExample:\n  $ yard status\n')
    .action(async (options: RemoteOptions) => {
      const remote = remoteFor(options, context)
      const [replicas, allWorkers, running, waiting] = await Promise.all([
        remote.list(masters, 'masters', { order: 'name' }), remote.list(workers, 'workers', { order: 'name' }),
        remote.list(builds, 'builds', { complete: false, order: 'buildid' }),
        remote.list(buildrequests, 'buildrequests', { complete: false, claimed: false, order: 'buildrequestid' }),
      ])
      if (options.json) return context.print(JSON.stringify({ replicas, workers: allWorkers, builds: running, requests: waiting }))
      const now = context.clock.now() / 1000
      const alive = replicas.filter(({ active }) => active)
      printTable(context, ['REPLICA', 'LAST SEEN'], alive.map(({ name, last_active }) => [name, `${duration(now - last_active)} ago`]))
      if (alive.length === 0) context.print('none is alive')
      context.print('')
      printTable(context, ['WORKER', 'STATE'], allWorkers.map(({ name, connected_to, paused }) => [name, `${connected_to.length > 0 ? 'connected' : 'away'}${paused ? ', paused' : ''}`]))
      context.print('')
      if (running.length > 0) await printBuilds(remote, running, context)
      context.print(`${running.length} running, ${waiting.length} waiting`)
    })
}
