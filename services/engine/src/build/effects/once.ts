import type { OnceAnswer, StepEffectArgs, StepEffectOutcomes } from '@yardmaster/domain'
import { UnknownOutcome } from '../journal.js'
import type { StepContext } from '../step-context.js'
import { effectEnded, effectStarted, type EffectId } from './record.js'

/** Whether the user's function is to be run, which nobody knows of but its thread: its start is committed before. */
export async function beginOnce(context: StepContext, id: EffectId, { name, idempotent }: StepEffectArgs['once']): Promise<StepEffectOutcomes['once']> {
  const entry = context.journal.find(id.n, id.kind, id.fingerprint)
  if (entry?.ended) return { known: entry.outcome as OnceAnswer }
  if (entry && !idempotent) {
    throw new UnknownOutcome(`once '${name}': unknown whether it happened, as its engine or its thread was lost meanwhile; what may be done again is to be declared idempotent`)
  }
  if (!idempotent) await context.run.once.begin(id.n, context.signal)
  if (!entry) await context.run.write([effectStarted(context, id)])
  return { known: null }
}

export async function endOnce(context: StepContext, n: number, answer: OnceAnswer): Promise<null> {
  await context.run.write([effectEnded(context, n, answer)])
  context.run.once.end(n)
  return null
}
