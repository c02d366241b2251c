import type { AccessTarget } from '@yardmaster/domain'
import type { ActiveGeneration } from '../deps.js'

/** The builders that a force scheduler is asked for; all of its own unless some are named. One that is not there has neither tags nor project. */
export function forcedBuilders(generations: readonly ActiveGeneration[], { scheduler, names }: { scheduler: string | null; names: readonly string[] | undefined }): NonNullable<AccessTarget['builder']>[] {
  const configurations = generations.map(({ configuration }) => configuration)
  const wanted = names ?? configurations.flatMap(({ schedulers }) => schedulers).flatMap(one => (one.kind === 'force' && one.name === scheduler ? one.builders : []))
  const known = new Map(configurations.flatMap(({ builders }) => builders).map(builder => [builder.name, builder]))
  return [...new Set(wanted)].map(name => ({ name, tags: known.get(name)?.tags ?? [], project: known.get(name)?.project ?? null }))
}
