import { beginOperation } from '@yardmaster/db/verbs/begin-operation'
import type { OperationOutcome } from '@yardmaster/db/verbs/end-operation'
import type { OpenInstance } from '@yardmaster/db/verbs/read-ledger'
import { ProviderError } from '@yardmaster/providers'
import type { Provisioning } from '../deps.js'
import type { Account } from '../providers/registry.js'
import { backoffMs, failureOf, type Failure } from './failures.js'
import { recordEnd } from './operations.js'
import { within } from './within.js'

const DEADLINE_MS = 60_000
/** Until a machine that is going is asked about again. */
const GOING_MS = 1_000
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 30_000

/** Goes one step towards nothing being left of an instance's machine. It is tried for ever: what is given up is paid for ever. */
export async function removeMachine(deps: Provisioning, account: Account | Failure, instance: OpenInstance, signal: AbortSignal): Promise<void> {
  const { write, replicaId, installation, logger } = deps
  const { id, externalId, storages, worker, attempt, labelAttempt, pool } = instance
  const begun = externalId === null ? null : await write(tx => beginOperation(tx, { id, operation: 'remove', replicaId }))
  if (!begun || externalId === null) return
  let outcome: OperationOutcome
  try {
    if (!('provider' in account)) throw new ProviderError(account.message, { failureClass: account.class })
    const { provider } = account
    const left = await within({ clock: deps.clock, signal, ms: DEADLINE_MS }, either => provider.remove({ id: externalId, label: { installation, worker, attempt: labelAttempt }, storages }, either))
    outcome = left === 'gone' ? { kind: 'removed' } : { kind: 'again', failure: null, afterMs: GOING_MS }
  } catch (error) {
    const failure = failureOf(error)
    const afterMs = Math.max(failure.retryAfterMs ?? 0, backoffMs({ tries: begun.tries, chance: deps.random.float(), firstMs: FIRST_RETRY_MS, mostMs: LONGEST_RETRY_MS }))
    outcome = { kind: 'again', failure: { class: failure.class, message: failure.message }, afterMs }
    logger.warn({ instance: id, worker, pool, attempt, machine: externalId, tries: begun.tries + 1, why: failure.message }, 'a machine could not be removed yet')
  }
  const ours = await recordEnd(deps, { id, operation: 'remove', outcome }, signal)
  if (ours && outcome.kind === 'removed') logger.info({ instance: id, worker, pool, attempt, machine: externalId }, 'a machine is gone')
}
