import { InvalidArgumentError, type Command } from 'commander'
import { z } from 'zod'
import type { Context } from '../context.js'
import { printLogs, paintLine } from '../log-printer.js'
import { Problem } from '../problem.js'
import { exitCodeOf, paintFor } from '../render.js'
import { findBuild, findBuilder } from '../resources.js'
import { Build, BuildRequest, Forced, ForceScheduler, type RestClient } from '../rest-client.js'
import { tellResult } from './log.js'
import { clientFor, remote, type RemoteOptions } from './remote.js'

type Properties = { [name: string]: string }
type ForceOptions = RemoteOptions & { scheduler?: string; branch?: string; revision?: string; reason?: string; property: Properties; wait?: boolean }

/** Commander's collector of `--property name=value`. */
export function property(text: string, earlier: Properties): Properties {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('expected NAME=VALUE')
  return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) }
}

async function forceSchedulerOf(client: RestClient, builder: string, wanted: string | undefined): Promise<string> {
  const schedulers = (await client.list('forceschedulers', 'forceschedulers', ForceScheduler)).filter(scheduler => scheduler.enabled && scheduler.builder_names.includes(builder))
  const names = schedulers.map(({ name }) => name)
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted
    throw new Problem(`no force scheduler ${JSON.stringify(wanted)} serves ${builder}${names.length === 0 ? '' : `; there are: ${names.join(', ')}`}`)
  }
  const [only, ...others] = names
  if (only === undefined) throw new Problem(`no force scheduler serves ${builder}: add schedulers.force({ name: 'force', builders: ['${builder}'] }) to the configuration`)
  if (others.length > 0) throw new Problem(`several force schedulers serve ${builder}: choose one with --scheduler (${names.join(', ')})`)
  return only
}

/** Waits for a build of the request, follows its log, and goes on with the next one when it is built again (RETRY). */
async function followRequest(client: RestClient, requestId: number, options: ForceOptions, context: Context): Promise<number> {
  const paint = paintFor(context.colours)
  const seen = new Set<number>()
  for (;;) {
    const request = await client.one(`buildrequests/${requestId}`, 'buildrequests', BuildRequest, `build request ${requestId} is gone`)
    const builds = await client.list(`buildrequests/${requestId}/builds`, 'builds', Build, { order: 'buildid' })
    for (const build of builds.filter(({ buildid }) => !seen.has(buildid))) {
      seen.add(build.buildid)
      const outcome = await printLogs({
        client, clock: context.clock, build, step: null, follow: true,
        onStep: ({ name }) => { if (!options.json) context.print(paint.bold(`== ${name}`)) },
        onLine: line => context.print(options.json ? JSON.stringify(line) : paintLine(line, paint)),
      })
      tellResult(outcome.build, context)
    }
    if (request.complete) return exitCodeOf(request.results)
    await context.clock.sleep(200)
  }
}

export function addForce(program: Command, context: Context, finish: (code: number) => void): void {
  remote(program.command('force').description('build now').argument('<builder>', 'its name'))
    .option('--scheduler <name>', 'the force scheduler, if several serve the builder')
    .option('--branch <branch>', 'the branch to build')
    .option('--revision <revision>', 'the revision to build')
    .option('--property <name=value>', 'a field of the force scheduler or a property; may be repeated', property, {})
    .option('--reason <text>', 'shown with the build')
    .option('--wait', 'follow the build; the exit code is 0 for success and warnings, else 1')
    .addHelpText('after', '\nExamples:\n  $ yard force hello\n  $ yard force hello --branch topic --property level=3 --wait\n')
    .action(async (name: string, options: ForceOptions) => {
      const client = clientFor(options, context)
      const builder = await findBuilder(client, name)
      const scheduler = await forceSchedulerOf(client, builder.name, options.scheduler)
      const { branch, revision, reason } = options
      const given = Object.fromEntries(Object.entries({ branch, revision, reason }).filter(([, value]) => value !== undefined))
      const [buildsetid, requests] = await client.control(`forceschedulers/${encodeURIComponent(scheduler)}`, 'force', { ...options.property, ...given, builderid: builder.builderid }, Forced)
      const buildrequestid = requests[String(builder.builderid)]
      if (options.json && !options.wait) context.print(JSON.stringify({ buildsetid, buildrequestid }))
      else context.warn(`build request ${buildrequestid} of ${builder.name}`)
      if (options.wait && buildrequestid !== undefined) finish(await followRequest(client, buildrequestid, options, context))
    })
}

export function addStop(program: Command, context: Context): void {
  remote(program.command('stop').description('stop a running build').argument('<build>', 'its id, BUILDER/NUMBER, or "last"'))
    .option('--reason <text>', 'shown with the build', 'stopped by yard')
    .addHelpText('after', '\nExample:\n  $ yard stop hello/12 --reason "wrong branch"\n')
    .action(async (reference: string, options: RemoteOptions & { reason: string }) => {
      const client = clientFor(options, context)
      const build = await findBuild(client, reference)
      if (build.complete) throw new Problem(`build ${build.buildid} has already ended`)
      await client.control(`builds/${build.buildid}`, 'stop', { reason: options.reason }, z.unknown())
      if (options.json) context.print(JSON.stringify({ buildid: build.buildid }))
      else context.print(`build ${build.buildid} is being stopped`)
    })
}
