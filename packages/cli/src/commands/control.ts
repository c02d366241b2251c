import { buildrequests, builds, forceschedulers } from '@yardmaster/rest'
import { InvalidArgumentError, type Command } from 'commander'
import { z } from 'zod'
import type { Context } from '../context.js'
import { printLogs } from '../log-printer.js'
import { Problem } from '../problem.js'
import { exitCodeOf } from '../render.js'
import { findBuild, findBuilder } from '../resources.js'
import type { Remote } from '../remote.js'
import { wait, type Means } from '../waiting.js'
import { printing, tellResult } from './log.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

/** What `force` answers: the buildset, and the request of each builder by its id. */
const Forced = z.tuple([z.number(), z.record(z.string(), z.number())])

type Properties = { [name: string]: string }
type ForceOptions = RemoteOptions & { scheduler?: string; branch?: string; revision?: string; reason?: string; property: Properties; wait?: boolean }

/** Commander's collector of `--property name=value`. */
export function property(text: string, earlier: Properties): Properties {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('expected NAME=VALUE')
  return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) }
}

async function forceSchedulerOf(remote: Remote, builder: string, wanted: string | undefined): Promise<string> {
  const schedulers = (await remote.list(forceschedulers, 'forceschedulers')).filter(scheduler => scheduler.enabled && scheduler.builder_names.includes(builder))
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
async function followRequest(requestId: number, options: Pick<RemoteOptions, 'json'>, context: Context, { remote, news }: Means): Promise<number> {
  const seen = new Set<number>()
  const watch = news.watch(`buildrequests/${requestId}/*`)
  for (;;) {
    const request = await remote.one(buildrequests, `buildrequests/${requestId}`, `build request ${requestId} is gone`)
    const found = await remote.list(builds, `buildrequests/${requestId}/builds`, { order: 'buildid' })
    for (const build of found.filter(({ buildid }) => !seen.has(buildid))) {
      seen.add(build.buildid)
      const outcome = await printLogs({ remote, build, step: null, follow: news, ...printing(options, context) })
      tellResult(outcome.build, context)
    }
    if (request.complete) return exitCodeOf(request.results)
    await watch.next()
  }
}

/** Answers the exit code. Who interrupts it leaves the request to itself, and is told so. */
export async function waitForRequest(requestId: number, options: RemoteOptions, context: Context): Promise<number> {
  const { result, interrupted } = await wait(options, context, means => followRequest(requestId, options, context, means))
  if (interrupted === null) return result
  context.warn(`interrupted: build request ${requestId} goes on without you`)
  return interrupted
}

export function addForce(program: Command, context: Context, finish: (code: number) => void): void {
  withRemote(program.command('force').description('build now').argument('<builder>', 'its name'))
    .option('--scheduler <name>', 'the force scheduler, if several serve the builder')
    .option('--branch <branch>', 'the branch to build')
    .option('--revision <revision>', 'the revision to build')
    .option('--property <name=value>', 'a field of the force scheduler or a property; may be repeated', property, {})
    .option('--reason <text>', 'shown with the build')
    .option('--wait', 'follow the build; the exit code is 0 for success and warnings, else 1')
    .addHelpText('after', '\nExamples:\n  $ yard force hello\n  $ yard force hello --branch topic --property level=3 --wait\n')
    .action(async (name: string, options: ForceOptions) => {
      const remote = remoteFor(options, context)
      const builder = await findBuilder(remote, name)
      const scheduler = await forceSchedulerOf(remote, builder.name, options.scheduler)
      const { branch, revision, reason } = options
      const given = { ...(branch === undefined ? {} : { branch }), ...(revision === undefined ? {} : { revision }), ...(reason === undefined ? {} : { reason }) }
      const params = { ...options.property, ...given, builderid: builder.builderid }
      const [buildsetid, requests] = Forced.parse(await remote.control(`forceschedulers/${encodeURIComponent(scheduler)}`, 'force', params))
      const buildrequestid = requests[String(builder.builderid)]
      if (options.json && !options.wait) context.print(JSON.stringify({ buildsetid, buildrequestid }))
      else context.warn(`build request ${buildrequestid} of ${builder.name}`)
      if (options.wait && buildrequestid !== undefined) finish(await waitForRequest(buildrequestid, options, context))
    })
}

export function addStop(program: Command, context: Context): void {
  withRemote(program.command('stop').description('stop a running build').argument('<build>', 'its id, BUILDER/NUMBER, or "last"'))
    .option('--reason <text>', 'shown with the build', 'stopped by yard')
    .addHelpText('after', '\nExample:\n  $ yard stop hello/12 --reason "wrong branch"\n')
    .action(async (reference: string, options: RemoteOptions & { reason: string }) => {
      const remote = remoteFor(options, context)
      const build = await findBuild(remote, reference)
      if (build.complete) throw new Problem(`build ${build.buildid} has already ended`)
      await remote.control(`builds/${build.buildid}`, 'stop', { reason: options.reason })
      if (options.json) context.print(JSON.stringify({ buildid: build.buildid }))
      else context.print(`build ${build.buildid} is being stopped`)
    })
}
