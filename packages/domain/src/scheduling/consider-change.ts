import type { ChangeData } from '../change.js'
import type { ConsumesChanges, SchedulerConfig } from '../scheduler-config.js'
import { judgeChange, type JudgingCalls, type Silence } from './judge-change.js'

/** What a scheduler does about a change. */
export type Verdict =
  | { kind: 'silent'; why: Silence }
  /** The change waits, with others of the same key, for a stable tree (`seconds`) or for the scheduler's next tick (null). */
  | { kind: 'waits'; key: string; seconds: number | null; important: boolean }
  | { kind: 'builds' }

type Consumer = Extract<SchedulerConfig, ConsumesChanges>

/** Whether a scheduler wants to know of changes at all. A clock that builds in any case, and then what is newest, does not. */
export function consumesChanges(scheduler: SchedulerConfig): scheduler is Consumer {
  switch (scheduler.kind) {
    case 'singleBranch': case 'anyBranch': return true
    case 'periodic': case 'nightly': return scheduler.onlyIfChanged || scheduler.createAbsoluteSourceStamps
    case 'dependent': case 'nightlyTriggerable': case 'triggerable': case 'force': case 'try': return false
  }
}

/** Without a timer an important change is built at once and any other is of no interest; with one, every change waits in it, or for the clock. */
export async function considerChange(scheduler: SchedulerConfig, change: ChangeData, calls: JudgingCalls): Promise<Verdict> {
  if (!consumesChanges(scheduler)) return { kind: 'silent', why: { kind: 'takesNoChanges' } }
  const judgement = await judgeChange(scheduler, change, calls)
  if (!judgement.takes) return { kind: 'silent', why: judgement.why }
  const { important } = judgement
  if (scheduler.kind === 'periodic' || scheduler.kind === 'nightly') return { kind: 'waits', key: timerKey(scheduler, change), seconds: null, important }
  if (scheduler.treeStableTimer) return { kind: 'waits', key: timerKey(scheduler, change), seconds: scheduler.treeStableTimer, important }
  return important ? { kind: 'builds' } : { kind: 'silent', why: { kind: 'unimportant' } }
}

/** What waits together for a stable tree: all that a singleBranch scheduler takes; of an anyBranch scheduler each branch by itself. */
export function timerKey(scheduler: { kind: SchedulerConfig['kind'] }, change: ChangeData): string {
  return scheduler.kind === 'anyBranch' ? JSON.stringify([change.project, change.repository, change.codebase, change.branch]) : ''
}
