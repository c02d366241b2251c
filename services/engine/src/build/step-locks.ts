import { locksAnswered } from '@yardmaster/config/host'
import { lockUses, type LockAccess, type StepConfig } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import { builderOf } from './build-data.js'
import type { StepContext } from './step-context.js'

/** Resolves when the step holds all of its locks; meanwhile its line says what it waits for. A step without locks costs nothing. */
export async function takeStepLocks(context: StepContext, { locks, name }: StepConfig): Promise<void> {
  const accesses = Array.isArray(locks) ? locks : locksAnswered(await context.call(locks, []), `locks of step ${name}`)
  if (accesses.length === 0) return
  const { run, data, signal } = context
  const { session, parts } = run
  // What the step before this one gave back must not be in the way.
  await run.settled()
  context.asksForLocks = true
  const ask = { session, buildId: run.data.ref.id, step: data.number, generationId: run.data.generation.id, uses: lockUses(accesses, { id: session.workerId, name: session.name }) }
  let waitsFor: string | null = null
  const tell = (text: string) => {
    waitsFor = text
    void run.write([{ kind: 'step-updated', step: { id: data.id, number: data.number }, stateString: `waiting for ${text}` }]).catch(() => {})
  }
  try {
    await parts.locks.acquire({ ask, signal, tell })
  } catch (error) {
    if (context.interrupted) context.summary = `stopped while it waited for ${waitsFor ?? 'its locks'}`
    throw error
  }
}

/** The locks of a builder that its configuration says without a function. */
export function staticLocks(generation: LoadedGeneration | null, builderKey: string): LockAccess[] {
  const locks = generation && builderOf(generation, builderKey)?.locks
  return Array.isArray(locks) ? locks : []
}
