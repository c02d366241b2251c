import type { Json } from '@yardmaster/domain'
import type { Rebuildable, RebuildBody } from '@yardmaster/rest'
import { InvalidArgumentError, type Command } from 'commander'
import type { Context } from '../context.js'
import { findBuild } from '../resources.js'
import { property, waitForRequest } from './control.js'
import { remoteFor, withRemote, type RemoteOptions } from './remote-options.js'

type RebuildOptions = RemoteOptions & {
  property: { [name: string]: string }; removeProperty: string[]; revision?: string; branch?: string; codebase?: string; patch: boolean; reason?: string; priority?: number; wait?: boolean
}

const several = (value: string, earlier: string[]): string[] => [...earlier, value]
const wholeNumber = (value: string): number => {
  if (!/^-?\d{1,9}$/.test(value)) throw new InvalidArgumentError('expected a whole number')
  return Number(value)
}

export function addRebuild(program: Command, context: Context, finish: (code: number) => void): void {
  withRemote(program.command('rebuild').description('build the same once more, or with changes').argument('<build>', 'its id, BUILDER/NUMBER, or "last"'))
    .option('--property <name=value>', 'set a property, or set it anew; may be repeated', property, {})
    .option('--remove-property <name>', 'leave a property out; may be repeated', several, [])
    .option('--revision <revision>', "the revision to build; '' for the newest")
    .option('--branch <branch>', "the branch to build; '' for the repository's default")
    .option('--codebase <name>', 'whose revision, branch or patch is meant, where the build has several')
    .option('--no-patch', 'without the patch of the build')
    .option('--reason <text>', 'shown with the build')
    .option('--priority <n>', 'of the request', wholeNumber)
    .option('--wait', 'follow the build; the exit code is 0 for success and warnings, else 1')
    .addHelpText('after', '\nExamples:\n  $ yard rebuild last\n  $ yard rebuild hello/12 --property level=3 --revision 1a2b3c --wait\n')
    .action(async (reference: string, options: RebuildOptions) => {
      const remote = remoteFor(options, context)
      const { buildid } = await findBuild(remote, reference)
      const original = await remote.yard(client => client.rebuildable(buildid))
      const rebuilt = await remote.yard(client => client.rebuild(buildid, changesOf(original, options)))
      if (options.json && !options.wait) context.print(JSON.stringify(rebuilt))
      else context.warn(`build request ${rebuilt.buildrequestid} of ${original.builder}`)
      if (options.wait) finish(await waitForRequest(rebuilt.buildrequestid, options, context))
    })
}

function changesOf({ properties: known, sourcestamps }: Rebuildable, { property: given, removeProperty, revision, branch, codebase, patch, reason, priority }: RebuildOptions): RebuildBody {
  const stamp = { ...(revision === undefined ? {} : { revision }), ...(branch === undefined ? {} : { branch }) }
  const ofStamp = codebase !== undefined || !patch
  return {
    properties: Object.fromEntries(Object.entries(given).map(([name, text]) => [name, likeBefore(known[name]?.[0], text)])),
    ...(removeProperty.length > 0 ? { remove_properties: removeProperty } : {}), ...(reason === undefined ? {} : { reason }), ...(priority === undefined ? {} : { priority }),
    ...(ofStamp ? { sourcestamps: [{ codebase: codebase ?? sourcestamps[0]?.codebase ?? '', ...stamp, ...(patch ? {} : { patch }) }] } : stamp),
  }
}

/** A number stays a number: what is typed is a text, and a step may tell the two apart. */
function likeBefore(before: Json | undefined, text: string): Json {
  if (before === undefined || before === null || typeof before === 'string') return text
  try {
    const value = JSON.parse(text) as Json
    return typeof value === typeof before ? value : text
  } catch {
    return text
  }
}
