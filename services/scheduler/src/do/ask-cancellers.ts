import type { PendingCancellation } from '@yardmaster/db/verbs/settle-cancellations'
import { branchKeyOf, condemned, filtered, matchesChangeFilter, superseded, type CancellerConfig, type CancelRequest, type FunctionRef, type Json, type StampAnswers } from '@yardmaster/domain'
import type { Logger } from '@yardmaster/runtime'

export type Cancel = { requestId: number; reason: string; actor: string }
export type AskingCancellers = { cancellers: readonly CancellerConfig[]; open: readonly CancelRequest[]; call: (fn: FunctionRef, args: Json[]) => Promise<Json>; logger: Logger }

/** What the cancellers want cancelled because of it. One whose function fails cancels nothing this time. */
export async function askCancellers(pending: PendingCancellation, { cancellers, open, call, logger }: AskingCancellers): Promise<Cancel[]> {
  const cancels = new Map<number, Cancel>()
  for (const canceller of cancellers) {
    try {
      const { ids, why } = await askOne(canceller, pending, { open, call })
      for (const requestId of ids) if (!cancels.has(requestId)) cancels.set(requestId, { requestId, reason: `${why} (${canceller.name})`, actor: `system:${canceller.name}` })
    } catch (error) {
      logger.error({ err: error, canceller: canceller.name, buildset: pending.buildset }, 'a function of a canceller failed: it cancels nothing because of this buildset')
    }
  }
  return [...cancels.values()]
}

async function askOne(canceller: CancellerConfig, pending: PendingCancellation, { open, call }: Pick<AskingCancellers, 'open' | 'call'>): Promise<{ ids: number[]; why: string }> {
  const passes: StampAnswers['passes'] = ({ filter }, stamp) => matchesChangeFilter(filter, filtered(stamp), async (fn, input) => (await call(fn, [input])) === true)
  if (canceller.kind === 'oldBuild' && pending.kind === 'old') {
    return { ids: await superseded(canceller.filters, pending, open, { passes, key: keyOf(canceller.branchKey, call) }), why: `a newer change of its branch is to be built, by buildset ${pending.buildset}` }
  }
  const failed = open.find(request => request.id === pending.request)
  if (canceller.kind !== 'failingBuildset' || pending.kind !== 'failing' || !failed) return { ids: [], why: '' }
  return { ids: await condemned(canceller.filters, failed, open, { passes }), why: `a build of its buildset failed on ${failed.builder}` }
}

function keyOf(fn: FunctionRef | null, call: AskingCancellers['call']): StampAnswers['key'] {
  return async stamp => {
    if (fn === null) return branchKeyOf(stamp)
    const { project, codebase, repository, branch, revision } = stamp
    const answer = await call(fn, [{ project, codebase, repository, branch, revision }])
    if (typeof answer === 'string') return answer
    throw new Error(`branchKey: expected a text, found ${JSON.stringify(answer).slice(0, 200)}`)
  }
}
