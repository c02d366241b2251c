import { transaction } from '@yardmaster/db'
import { readCancellable, readCancellations, settleCancellation, type PendingCancellation } from '@yardmaster/db/verbs/settle-cancellations'
import { askCancellers, type AskingCancellers, type Cancel } from '../do/ask-cancellers.js'
import type { Deciding } from './dispatch-changes.js'

const BATCH = 100
/** In one transaction: claims and ends of builds wait for the rows that it holds. */
const AT_ONCE = 50

/**
 * Buildsets that were added, and requests that failed, are put to the active generation's cancellers: asked outside any transaction; what is not wanted any more
 * is cancelled, and with the last of it the pending row goes. Killed in between, it is asked again, and finds what is left.
 */
export function runCancellers({ db, fence, logger, active, holdsDuty, set }: Deciding & { set: string }): (signal: AbortSignal) => Promise<{ again: boolean }> {
  return async signal => {
    const generation = active()
    if (generation === null || !await holdsDuty()) return { again: false }
    const pending = await readCancellations(db, set, BATCH)
    if (pending.length === 0) return { again: false }
    const { cancellers } = generation.configuration
    const builders = new Set(cancellers.flatMap(canceller => (canceller.kind === 'oldBuild' ? canceller.filters.flatMap(filter => filter.builders) : [])))
    const all = cancellers.some(canceller => canceller.kind === 'failingBuildset') ? generation.configuration.builders.map(builder => builder.name) : [...builders]
    const open = new Map((await readCancellable(db, all, pending.flatMap(item => item.request ?? []))).map(request => [request.id, request]))
    for (const item of pending) {
      if (signal.aborted) break
      const asking: AskingCancellers = { cancellers, open: [...open.values()], call: generation.call, logger }
      for (const requestId of await settle(item, await askCancellers(item, asking))) open.delete(requestId)
    }
    return { again: pending.length === BATCH }
  }

  async function settle(pending: PendingCancellation, cancels: Cancel[]): Promise<number[]> {
    const all: number[] = []
    for (let at = 0; at === 0 || at < cancels.length; at += AT_ONCE) {
      const done = await transaction(db, fence, tx => settleCancellation(tx, { pendingId: pending.id, last: at + AT_ONCE >= cancels.length, cancels: cancels.slice(at, at + AT_ONCE) }))
      all.push(...done ?? [])
    }
    if (all.length > 0) logger.info({ buildset: pending.buildset, requests: all, why: cancels[0]!.reason }, 'builds that are not wanted any more are cancelled')
    return all
  }
}
