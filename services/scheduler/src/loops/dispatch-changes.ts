import { isContended, isUnavailable, transaction, type Database, type Fence } from '@yardmaster/db'
import { dispatchChange } from '@yardmaster/db/verbs/dispatch-change'
import { ReplicaBuried, type Logger } from '@yardmaster/runtime'
import { enabledSchedulers, type ActiveGeneration } from '../active-generation.js'
import { planDispatch } from '../do/plan-dispatch.js'
import { readUndispatched } from '../do/read-changes.js'

export type Deciding = {
  db: Database
  fence: Fence
  logger: Logger
  active: () => ActiveGeneration | null
  /** Whether this replica is the one that decides now. */
  holdsDuty: () => Promise<boolean>
}

const BATCH = 100

/**
 * Undispatched changes, in their order, are put to the active generation's schedulers: asked outside any transaction, written in one each.
 * A change that cannot be written is logged and set aside until another generation is active, so that it does not stop those behind it.
 */
export function dispatchChanges({ db, fence, logger, active, holdsDuty }: Deciding): (signal: AbortSignal) => Promise<{ again: boolean }> {
  let setAside = { generationId: 0, ids: new Set<number>() }
  return async signal => {
    const generation = active()
    if (generation === null || !await holdsDuty()) return { again: false }
    if (setAside.generationId !== generation.id) setAside = { generationId: generation.id, ids: new Set() }
    const changes = await readUndispatched(db, { generationId: generation.id, except: setAside.ids, limit: BATCH })
    if (changes.length === 0) return { again: false }
    const asking = { schedulers: await enabledSchedulers(db, generation.configuration), generationId: generation.id, call: generation.call, logger }
    for (const change of changes) {
      if (signal.aborted) break
      try {
        const dispatch = await planDispatch(change, asking)
        const outcome = await transaction(db, fence, tx => dispatchChange(tx, dispatch))
        if (outcome === 'superseded') return { again: active()?.id !== generation.id }
        logger.debug({ change: change.id, outcome, buildsets: dispatch.buildsets.length, timers: dispatch.timers.length }, 'change dispatched')
      } catch (error) {
        if (error instanceof ReplicaBuried || isUnavailable(error) || isContended(error)) throw error
        setAside.ids.add(change.id)
        logger.error({ err: error, change: change.id }, 'change could not be dispatched: it is set aside until the configuration changes or this service starts again')
      }
    }
    return { again: changes.length === BATCH }
  }
}
