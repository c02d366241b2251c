import type { Dispatch } from '@yardmaster/db/verbs/dispatch-changes'
import { asksFunctions, considerChange, consumesChanges, planBuildset, type CallFunction, type StoredChange } from '@yardmaster/domain'
import type { Logger } from '@yardmaster/runtime'
import type { AskedScheduler } from '../active-generation.js'

export type Asking = { schedulers: AskedScheduler[]; generationId: number; call: CallFunction; logger: Logger; /** No buildset at once: each scheduler makes its own, and fails by itself. */ apart?: boolean }

/** Asks the schedulers about a change, each by itself, and says what is to be written of it, in the schedulers' order. */
export async function planDispatch(change: StoredChange, asking: Asking): Promise<Dispatch> {
  const dispatch: Dispatch = { changeId: change.id, timers: [], tasks: [], places: [], buildsets: [] }
  const parts = await Promise.all(asking.schedulers.filter(scheduler => consumesChanges(scheduler)).map(scheduler => partOf(scheduler, change, asking)))
  for (const { timers, tasks, places, buildsets } of parts.flatMap(part => part ?? [])) {
    dispatch.timers.push(...timers)
    dispatch.tasks.push(...tasks)
    dispatch.places.push(...places)
    dispatch.buildsets.push(...buildsets)
  }
  return dispatch
}

type Part = Omit<Dispatch, 'changeId'>

async function partOf(scheduler: AskedScheduler, change: StoredChange, { generationId, call, logger, apart = false }: Asking): Promise<Part | null> {
  const onFailure = (err: unknown, what: string) => logger.error({ err, scheduler: scheduler.name, change: change.id }, what)
  const verdict = await considerChange(scheduler, change, { call, onFailure })
  if (verdict.kind === 'silent') return null
  const absolute = 'createAbsoluteSourceStamps' in scheduler && scheduler.createAbsoluteSourceStamps
  const { codebase, repository, branch, revision } = change
  const part: Part = { timers: [], tasks: [], places: absolute ? [{ schedulerId: scheduler.id, codebase, repository, branch, revision }] : [], buildsets: [] }
  if (verdict.kind === 'waits') return { ...part, timers: [{ schedulerId: scheduler.id, key: verdict.key, changeId: change.id, important: verdict.important, seconds: verdict.seconds }] }
  if (apart || absolute || asksFunctions(scheduler)) return { ...part, tasks: [scheduler.id] }
  const asked = await planBuildset(scheduler, { changes: [change] }, { call, callPatiently: call, hasBuilder: () => true })
  return { ...part, buildsets: asked ? [{ ...asked, actor: 'system:scheduler', generationId }] : [] }
}
