import { transaction, type Database, type Fence } from '@yardmaster/db'
import { dispatchChanges as write, type Dispatch } from '@yardmaster/db/verbs/dispatch-changes'
import type { StoredChange } from '@yardmaster/domain'
import type { Logger } from '@yardmaster/runtime'
import { enabledSchedulers, type ActiveGeneration } from '../active-generation.js'
import { askingAgain } from '../do/ask-again.js'
import { helpsToWait } from '../do/helps-to-wait.js'
import { planDispatch, type Asking } from '../do/plan-dispatch.js'
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
/** In one transaction: it holds the replica's own row, by which the lease is renewed, so it must be short. */
export const MOST_REQUESTS = 100

/**
 * Undispatched changes, in their order, are put to the active generation's schedulers: asked outside any transaction, written many in one. Where that
 * cannot be written, each change is by itself, and what it would build is left to each scheduler by itself. A change of which not even that can be
 * written is logged and set aside until another generation is active, so that it does not stop those behind it.
 */
export function dispatchChanges({ db, fence, logger, active, holdsDuty }: Deciding): (signal: AbortSignal) => Promise<{ again: boolean }> {
  const begun = ({ id, call }: Pick<ActiveGeneration, 'id' | 'call'>) => ({ generationId: id, setAside: new Set<number>(), call: askingAgain(call) })
  let current: ReturnType<typeof begun> | null = null
  return async signal => {
    const generation = active()
    if (generation === null || !await holdsDuty()) return { again: false }
    const { setAside, call } = current = current?.generationId === generation.id ? current : begun(generation)
    const changes = await readUndispatched(db, { generationId: generation.id, except: setAside, limit: BATCH })
    if (changes.length === 0) return { again: false }
    const asking = { schedulers: await enabledSchedulers(db, generation.configuration), generationId: generation.id, call, logger }
    const store = async (some: StoredChange[], how: Asking) => {
      for (const dispatches of inPortions(await Promise.all(some.map(change => planDispatch(change, how))))) {
        if (signal.aborted) return 'superseded'
        const written = await transaction(db, fence, tx => write(tx, generation.id, dispatches))
        if (written === 'superseded') return written
        logger.debug({ changes: written }, 'changes dispatched')
      }
      return 'dispatched'
    }
    const supersededBy = () => ({ again: !signal.aborted && active()?.id !== generation.id })
    try {
      if (await store(changes, asking) === 'superseded') return supersededBy()
    } catch (error) {
      if (helpsToWait(error)) throw error
      logger.warn({ err: error, changes: changes.length }, 'changes cannot be dispatched together: each is by itself')
      for (const change of changes) {
        try {
          if (await store([change], { ...asking, apart: true }) === 'superseded') return supersededBy()
        } catch (failure) {
          if (helpsToWait(failure)) throw failure
          setAside.add(change.id)
          logger.error({ err: failure, change: change.id }, 'change could not be dispatched: it is set aside until the configuration changes or this service starts again')
        }
      }
    }
    return { again: changes.length === BATCH }
  }
}

/** In their order. */
function inPortions(dispatches: Dispatch[]): Dispatch[][] {
  const portions: Dispatch[][] = []
  let requests = 0
  for (const dispatch of dispatches) {
    const more = dispatch.buildsets.reduce((sum, buildset) => sum + ('builderNames' in buildset ? buildset.builderNames : buildset.builderIds).length, 0)
    requests += more
    if (portions.length === 0 || requests > MOST_REQUESTS) {
      portions.push([])
      requests = more
    }
    portions.at(-1)!.push(dispatch)
  }
  return portions
}
