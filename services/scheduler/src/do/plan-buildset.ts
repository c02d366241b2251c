import type { NewBuildset } from '@yardmaster/db/verbs/add-buildset'
import { mergeProperties, propertiesFrom, type BasicScheduler, type ChangeData, type SourceStampData } from '@yardmaster/domain'

export type StoredChange = ChangeData & { id: number }

/**
 * The buildset that a scheduler asks for when its changes (at least one) are to be built: for each of its codebases the place of the newest
 * change, else what the scheduler says of the codebase. As in Buildbot, the properties of those newest changes win over the scheduler's.
 */
export function planBuildset(scheduler: BasicScheduler, changes: StoredChange[], generationId: number): NewBuildset {
  const newest = new Map(changes.toSorted((a, b) => a.id - b.id).map(change => [change.codebase, change]))
  const codebases = Object.keys(scheduler.codebases).sort()
  const built = codebases.flatMap(codebase => newest.get(codebase) ?? [])
  const own = propertiesFrom({ ...scheduler.properties, scheduler: scheduler.name }, 'Scheduler')
  return {
    reason: scheduler.reason,
    scheduler: scheduler.name,
    actor: 'system:scheduler',
    generationId,
    properties: mergeProperties(own, ...built.map(change => change.properties)),
    sourcestamps: codebases.map(codebase => stampOf(codebase, newest.get(codebase), scheduler)),
    builderNames: scheduler.builders,
    priority: scheduler.priority,
  }
}

function stampOf(codebase: string, change: StoredChange | undefined, scheduler: BasicScheduler): SourceStampData {
  if (change) return { codebase, repository: change.repository, project: change.project, branch: change.branch, revision: change.revision }
  const { repository = '', branch = null } = scheduler.codebases[codebase] ?? {}
  return { codebase, repository, project: '', branch, revision: null }
}

/** What waits together for a stable tree: all that a singleBranch scheduler takes; of an anyBranch scheduler each branch by itself. */
export function timerKey(scheduler: BasicScheduler, change: ChangeData): string {
  return scheduler.kind === 'singleBranch' ? '' : JSON.stringify([change.project, change.repository, change.codebase, change.branch])
}
