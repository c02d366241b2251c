import { setMaxListeners } from 'node:events'
import { closeInstance } from '@yardmaster/db/verbs/close-instance'
import { freeOperations } from '@yardmaster/db/verbs/free-operations'
import { readOpenInstances, type OpenInstance } from '@yardmaster/db/verbs/read-ledger'
import { instanceStep, type InstanceStep } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'
import { createMachine } from '../do/create-machine.js'
import { failureOf } from '../do/failures.js'
import { removeMachine } from '../do/remove-machine.js'

/** For what is under way when the process stops. After that its outcome counts as unknown. */
const FINISH_MS = 8_000

export type Advancing = {
  run(): Promise<void>
  /**
   * Gives back what steps that failed may have left with this replica: what was begun without its knowing, or ended without the ledger's. Also when it has not the
   * duty any more: as long as it lives nobody else would take that up.
   */
  giveBack(): Promise<void>
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>
}

export const stepOf = (instance: OpenInstance): InstanceStep => instanceStep({
  gone: false, operation: instance.operation, machine: instance.externalId !== null, unsure: instance.unsureFor !== null, desired: instance.desired,
})

/** Takes the next step with each instance that has one to take: each a task of its own, none waits for another. */
export function advanceInstances(deps: Provisioning, setAlarm: (epochMs: number | null) => void): Advancing {
  const { db, write, clock, logger, set, replicaId, advance } = deps
  const under = new Map<number, Promise<void>>()
  const stopping = new AbortController()
  // One for each call under way, of any number of accounts.
  setMaxListeners(0, stopping.signal)
  let stopped = false
  let doubtful = false
  const begin = (instance: OpenInstance, work: () => Promise<void>) => {
    // After a failure the sweep is soon enough.
    const task = work()
      .then(() => { under.delete(instance.id); advance() }, (error: unknown) => {
        doubtful = true
        logger.error({ instance: instance.id, worker: instance.worker, why: failureOf(error).message }, 'a step with a machine failed')
      })
      .finally(() => under.delete(instance.id))
    under.set(instance.id, task)
  }
  return {
    async run() {
      const open = await readOpenInstances(db, set)
      const idle = open.filter(({ id }) => !under.has(id))
      for (const instance of idle.filter(({ retryIn }) => (retryIn ?? 0) <= 0)) {
        const work = workOf(deps, instance, { signal: stopping.signal, stopped: () => stopped })
        if (work) begin(instance, work)
      }
      const waits = idle.flatMap(instance => ((instance.retryIn ?? 0) > 0 && ['create', 'remove'].includes(stepOf(instance)) ? [instance.retryIn!] : []))
      setAlarm(waits.length > 0 ? clock.now() + Math.min(...waits) * 1000 + 5 : null)
    },
    async giveBack() {
      if (!doubtful) return
      doubtful = false
      try {
        // What is begun meanwhile is written after this.
        await write(tx => freeOperations(tx, { replicaId, except: [...under.keys()] }))
      } catch (error) {
        doubtful = true
        throw error
      }
    },
    async stop() {
      stopped = true
      const cancel = clock.setTimeout(() => stopping.abort(new Error('this process stops')), FINISH_MS)
      await Promise.allSettled(under.values())
      cancel()
    },
  }
}

type Stopping = { signal: AbortSignal; stopped(): boolean }

function workOf(deps: Provisioning, instance: OpenInstance, { signal, stopped }: Stopping): (() => Promise<void>) | null {
  const { write, providers } = deps
  const inTurn = (work: typeof createMachine, priority: number) => async () => {
    const opened = await providers.of(instance.generationId, instance.pool).catch((error: unknown) => failureOf(error))
    if (!('queue' in opened)) return work(deps, opened, instance, signal)
    await opened.queue.add(async () => { if (!stopped()) await work(deps, opened, instance, signal) }, { priority })
  }
  switch (stepOf(instance)) {
    case 'create': return inTurn(createMachine, 1)
    case 'remove': return inTurn(removeMachine, 0)
    case 'close': return async () => { await write(tx => closeInstance(tx, { id: instance.id, untracedSeconds: null })) }
    case 'look': case 'watch': case 'none': return null
  }
}
