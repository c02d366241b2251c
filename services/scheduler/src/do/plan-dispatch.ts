import type { Dispatch } from '@yardmaster/db/verbs/dispatch-change'
import type { BasicScheduler } from '@yardmaster/domain'
import { judgeChange, type CallFunction, type Judgement } from './judge-change.js'
import { planBuildset, timerKey, type StoredChange } from './plan-buildset.js'
import type { Logger } from '@yardmaster/runtime'

/** A scheduler with the id of its row. */
export type AskedScheduler = BasicScheduler & { id: number }

export type Asking = { schedulers: AskedScheduler[]; generationId: number; call: CallFunction; logger: Logger }

/** Asks the schedulers about a change, each by itself, and says what is to be written of it. */
export async function planDispatch(change: StoredChange, { schedulers, generationId, call, logger }: Asking): Promise<Dispatch> {
  const judged = await Promise.all(schedulers.map(async scheduler => ({ scheduler, judgement: await judgeChange(scheduler, change, { call, logger }) })))
  return outcome(change, generationId, judged.flatMap(({ scheduler, judgement }) => judgement ? [{ scheduler, judgement }] : []))
}

/** Without a timer an important change is built at once and any other is of no interest; with one, every change waits in it. */
function outcome(change: StoredChange, generationId: number, takers: { scheduler: AskedScheduler; judgement: Judgement }[]): Dispatch {
  const dispatch: Dispatch = { changeId: change.id, generationId, timers: [], buildsets: [] }
  for (const { scheduler, judgement: { important } } of takers) {
    if (scheduler.treeStableTimer) {
      dispatch.timers.push({ schedulerId: scheduler.id, key: timerKey(scheduler, change), changeId: change.id, important, seconds: scheduler.treeStableTimer })
    } else if (important) {
      dispatch.buildsets.push(planBuildset(scheduler, [change], generationId))
    }
  }
  return dispatch
}
