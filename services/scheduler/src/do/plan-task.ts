import type { Database } from '@yardmaster/db'
import type { NewBuildset } from '@yardmaster/db/verbs/add-buildset'
import type { TaskWork } from '@yardmaster/db/verbs/work-task'
import { consumesChanges, planBuildset, type BuildsetBasis, type PlanningCalls, type SourceStampData } from '@yardmaster/domain'
import type { AskedScheduler } from '../active-generation.js'
import { readChanges, readChangesOf } from './read-changes.js'
import { readCollected, readPlaces, readStamps, readTrigger } from './read-task-facts.js'

export type Task = { id: number; cause: 'changes' | 'tick' | 'upstream'; change_ids: number[]; forced: boolean; buildset_id: number | null; attempts: number }
export type PlannedTask = Pick<TaskWork, 'buildset' | 'timerVersion' | 'triggerVersion' | 'silence'>

export type TaskPlanning = { db: Database; generationId: number; calls: PlanningCalls }

const nothing = (silence: string | null): PlannedTask => ({ buildset: null, timerVersion: null, triggerVersion: null, silence })

/** What a scheduler makes of something that it is to make a buildset of. A cause that its kind does not know (any more) makes none. Throws what its functions throw. */
export function planTask(task: Task, scheduler: AskedScheduler, planning: TaskPlanning): Promise<PlannedTask> {
  switch (task.cause) {
    case 'changes': return ofChanges(task, scheduler, planning)
    case 'upstream': return ofUpstream(task, scheduler, planning)
    case 'tick': return scheduler.kind === 'nightlyTriggerable' ? ofTrigger(scheduler, planning) : ofTick(task, scheduler, planning)
  }
}

async function ofChanges(task: Task, scheduler: AskedScheduler, planning: TaskPlanning): Promise<PlannedTask> {
  const changes = await readChanges(planning.db, task.change_ids)
  return changes.length === 0 ? nothing('its changes are gone') : planned(scheduler, { changes }, planning)
}

async function ofUpstream({ buildset_id }: Task, scheduler: AskedScheduler, planning: TaskPlanning): Promise<PlannedTask> {
  if (scheduler.kind !== 'dependent' || buildset_id === null) return nothing('it waits for no other scheduler')
  const stamps = await readStamps(planning.db, buildset_id)
  if (stamps.length === 0) return nothing('the buildset that it waited for is gone')
  const changes = await readChangesOf(planning.db, stamps.map(stamp => stamp.id))
  return planned(scheduler, { changes, sourcestamps: stamps.map(stamp => stamp.data) }, planning)
}

async function ofTick(task: Task, scheduler: AskedScheduler, planning: TaskPlanning): Promise<PlannedTask> {
  if (scheduler.kind !== 'periodic' && scheduler.kind !== 'nightly') return nothing('it has no clock')
  const collected = await readCollected(planning.db, scheduler.id)
  if (scheduler.onlyIfChanged && !task.forced && !collected?.important) return nothing('no important change since its last build')
  // Of one that looks at changes no more they are old: what is newest is built.
  const changes = collected === null || !consumesChanges(scheduler) ? [] : await readChanges(planning.db, collected.change_ids)
  return { ...await planned(scheduler, { changes }, planning), timerVersion: collected?.version ?? null }
}

async function ofTrigger(scheduler: AskedScheduler, planning: TaskPlanning): Promise<PlannedTask> {
  const trigger = await readTrigger(planning.db, scheduler.id)
  if (trigger === null) return nothing('nothing has triggered it since its last tick')
  const { sourcestamps, properties, parentBuildId, parentRelationship } = trigger
  const given = new Map(sourcestamps.map(stamp => [stamp.codebase, stamp]))
  const stamps = Object.entries(scheduler.codebases).map(([codebase, { repository, branch, revision = null }]): SourceStampData => given.get(codebase) ?? { codebase, repository, project: '', branch, revision })
  return { ...await planned(scheduler, { changes: [], sourcestamps: stamps, properties }, planning, { parentBuildId, parentRelationship }), triggerVersion: trigger.version }
}

async function planned(scheduler: AskedScheduler, basis: BuildsetBasis, { db, generationId, calls }: TaskPlanning, parent: Pick<NewBuildset, 'parentBuildId' | 'parentRelationship'> = {}): Promise<PlannedTask> {
  const absolute = 'createAbsoluteSourceStamps' in scheduler && scheduler.createAbsoluteSourceStamps
  const asked = await planBuildset(scheduler, absolute ? { ...basis, lastPlaces: await readPlaces(db, scheduler.id) } : basis, calls)
  return { ...nothing(asked === null ? 'its function named no builder' : null), buildset: asked && { ...asked, ...parent, actor: 'system:scheduler', generationId } }
}
