import { InvalidArgumentError, type Command } from 'commander'
import type { Context } from '../context.js'
import { duration, paintFor, paintResult, resultText, table } from '../render.js'
import { builderNames, findBuilder } from '../resources.js'
import { Build, Builder, BuildRequest, Master, Worker, type RestClient } from '../rest-client.js'
import { clientFor, remote, type RemoteOptions } from './remote.js'

export function positive(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a whole number from 1')
  return value
}

function printTable(context: Context, header: string[], rows: string[][], paint?: (text: string, column: number, row: number) => string): void {
  for (const line of table(header, rows, paint)) context.print(line)
}

export function addBuilders(program: Command, context: Context): void {
  remote(program.command('builders').description('list the builders with their newest build'))
    .addHelpText('after', '\nExample:\n  $ yard builders --json\n')
    .action(async (options: RemoteOptions) => {
      const client = clientFor(options, context)
      const builders = (await client.list('builders', 'builders', Builder, { order: 'name' })).filter(builder => builder.masterids.length > 0)
      const newest = await Promise.all(builders.map(async ({ builderid }) => (await client.list(`builders/${builderid}/builds`, 'builds', Build, { order: '-number', limit: 1 }))[0] ?? null))
      if (options.json) return context.print(JSON.stringify(builders.map((builder, index) => ({ ...builder, newestBuild: newest[index] }))))
      const rows = builders.map((builder, index) => {
        const build = newest[index]
        return [builder.name, build ? resultText(build.results) : '-', build ? `#${build.number}` : '-', builder.tags.join(' '), builder.description ?? '']
      })
      const paint = paintFor(context.colours)
      printTable(context, ['BUILDER', 'NEWEST', 'BUILD', 'TAGS', 'DESCRIPTION'], rows, (text, column, row) => column === 1 && newest[row] ? paintResult(paint, newest[row].results, text) : text)
    })
}

function ageText(build: Build, nowMs: number): string {
  return build.started_at === null ? '-' : `${duration(nowMs / 1000 - build.started_at)} ago`
}

function tookText(build: Build, nowMs: number): string {
  return build.started_at === null ? '-' : duration((build.complete_at ?? nowMs / 1000) - build.started_at)
}

async function printBuilds(client: RestClient, builds: Build[], context: Context): Promise<void> {
  const names = await builderNames(client)
  const now = context.clock.now()
  const rows = builds.map(build => [String(build.buildid), `${names.get(build.builderid) ?? build.builderid}/${build.number}`, resultText(build.results), ageText(build, now), tookText(build, now), build.state_string])
  const paint = paintFor(context.colours)
  printTable(context, ['ID', 'BUILD', 'RESULT', 'STARTED', 'TOOK', 'STATE'], rows, (text, column, row) => column === 2 ? paintResult(paint, builds[row]?.results ?? null, text) : text)
}

export function addBuilds(program: Command, context: Context): void {
  remote(program.command('builds').description('list builds, the newest first').argument('[builder]', 'only those of this builder'))
    .option('--limit <number>', 'how many', positive, 20)
    .addHelpText('after', '\nExamples:\n  $ yard builds\n  $ yard builds hello --limit 5\n')
    .action(async (name: string | undefined, options: RemoteOptions & { limit: number }) => {
      const client = clientFor(options, context)
      const path = name === undefined ? 'builds' : `builders/${(await findBuilder(client, name)).builderid}/builds`
      const builds = await client.list(path, 'builds', Build, { order: '-buildid', limit: options.limit })
      if (options.json) context.print(JSON.stringify(builds))
      else await printBuilds(client, builds, context)
    })
}

export function addStatus(program: Command, context: Context): void {
  remote(program.command('status').description('show replicas, workers, running builds and waiting requests'))
    .addHelpText('after', '\nExample:\n  $ yard status\n')
    .action(async (options: RemoteOptions) => {
      const client = clientFor(options, context)
      const [replicas, workers, builds, requests] = await Promise.all([
        client.list('masters', 'masters', Master, { order: 'name' }), client.list('workers', 'workers', Worker, { order: 'name' }),
        client.list('builds', 'builds', Build, { complete: false, order: 'buildid' }),
        client.list('buildrequests', 'buildrequests', BuildRequest, { complete: false, claimed: false, order: 'buildrequestid' }),
      ])
      if (options.json) return context.print(JSON.stringify({ replicas, workers, builds, requests }))
      const now = context.clock.now() / 1000
      printTable(context, ['REPLICA', 'STATE', 'LAST SEEN'], replicas.map(({ name, active, last_active }) => [name, active ? 'alive' : 'gone', last_active === null ? '-' : `${duration(now - last_active)} ago`]))
      context.print('')
      printTable(context, ['WORKER', 'STATE'], workers.map(({ name, connected_to, paused }) => [name, `${connected_to.length > 0 ? 'connected' : 'away'}${paused ? ', paused' : ''}`]))
      context.print('')
      if (builds.length > 0) await printBuilds(client, builds, context)
      context.print(`${builds.length} running, ${requests.length} waiting`)
    })
}
