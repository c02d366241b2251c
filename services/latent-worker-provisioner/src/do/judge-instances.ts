import { failInstance } from '@yardmaster/db/verbs/fail-instance'
import { forgivePools, mayForgivePools } from '@yardmaster/db/verbs/forgive-pools'
import { freeSlot } from '@yardmaster/db/verbs/free-slot'
import type { OpenInstance } from '@yardmaster/db/verbs/read-ledger'
import { deathOf, poolDefaults } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'

/** A machine that could not be removed, or found out about, for so many seconds gives its worker's place away. */
const STUCK_SECONDS = 600

/**
 * Gives up the machines that are no good, and the places of those that are stuck; forgives pools whose machines work again. `answeredAt`: when (monotonic) the last look at the machine's account began
 * that was answered; null: none was.
 */
export async function judgeInstances(deps: Provisioning, instances: OpenInstance[], answeredAt: (instance: OpenInstance) => number | null): Promise<void> {
  for (const instance of instances) {
    if (instance.desired === 'running') await judge(deps, { ...instance, observedFor: confirmedFor(instance, answeredAt(instance), deps.clock.monotonic()) })
    // What a worker has come from is there, though nobody has found it yet.
    const stuckFor = instance.desired === 'running' && instance.everConnected ? 0 : Math.max(instance.condemnedFor ?? 0, instance.unsureFor ?? 0)
    if (instance.holdsSlot && stuckFor > STUCK_SECONDS) await giveUpSlot(deps, instance)
  }
  const { db, write, set } = deps
  if (await mayForgivePools(db, set)) await write(tx => forgivePools(tx, set))
}

/** Seconds for which it is known to be as it was observed. What was seen once, before its account fell silent, may have been a moment's. */
function confirmedFor({ observedFor }: OpenInstance, answeredAt: number | null, now: number): number {
  return observedFor === null || answeredAt === null ? 0 : Math.max(0, observedFor - (now - answeredAt) / 1000)
}

async function judge({ write, logger, providers }: Provisioning, instance: OpenInstance): Promise<void> {
  const { id, pool, worker, generationId, observed, observedFor, everConnected, connected, awaitedFor, detail } = instance
  const { missingTimeout } = await providers.pool(generationId, pool).catch(() => poolDefaults)
  const reason = deathOf({ observed, observedFor: observedFor ?? 0, everConnected, connected, awaitedFor, missingTimeout, detail })
  if (reason === null) return
  const dead = observed === 'absent' || observed === 'stopped' || observed === 'stopping'
  const failed = await write(tx => failInstance(tx, { id, reason, unlessConnected: !dead, observed }))
  if (failed) logger.warn({ instance: id, worker, pool, why: reason }, 'a machine is given up')
}

async function giveUpSlot({ write, logger }: Provisioning, { id, worker, pool, externalId, detail }: OpenInstance): Promise<void> {
  const failure = externalId === null ? `whether it was made is not known for ${STUCK_SECONDS / 60} minutes` : `it could not be removed for ${STUCK_SECONDS / 60} minutes`
  const freed = await write(tx => freeSlot(tx, { id, afterSeconds: STUCK_SECONDS, failure }))
  if (freed) logger.error({ instance: id, worker, pool, machine: externalId, detail, why: failure }, 'a machine is stuck, and may cost money: it is still tried, and another may take its place')
}
