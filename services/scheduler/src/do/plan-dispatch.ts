import type { Dispatch } from '@yardmaster/db/verbs/dispatch-change'
import { considerChange, planBuildset, type BasicScheduler, type CallFunction, type StoredChange } from '@yardmaster/domain'
import type { Logger } from '@yardmaster/runtime'

/** A scheduler with the id of its row. */
export type AskedScheduler = BasicScheduler & { id: number }

export type Asking = { schedulers: AskedScheduler[]; generationId: number; call: CallFunction; logger: Logger }

/** Asks the schedulers about a change, each by itself, and says what is to be written of it. */
export async function planDispatch(change: StoredChange, { schedulers, generationId, call, logger }: Asking): Promise<Dispatch> {
  const dispatch: Dispatch = { changeId: change.id, generationId, timers: [], buildsets: [] }
  await Promise.all(schedulers.map(async scheduler => {
    const onFailure = (err: unknown, what: string) => logger.error({ err, scheduler: scheduler.name, change: change.id }, what)
    const verdict = await considerChange(scheduler, change, { call, onFailure })
    if (verdict.kind === 'waits') dispatch.timers.push({ schedulerId: scheduler.id, key: verdict.key, changeId: change.id, important: verdict.important, seconds: verdict.seconds ?? 0 })
    if (verdict.kind !== 'builds') return
    const asked = await planBuildset(scheduler, { changes: [change] }, { call, callPatiently: call, hasBuilder: () => true })
    if (asked) dispatch.buildsets.push({ ...asked, actor: 'system:scheduler', generationId })
  }))
  return dispatch
}
