import { createHash } from 'node:crypto'
import { beginOperation } from '@yardmaster/db/verbs/begin-operation'
import type { OperationOutcome } from '@yardmaster/db/verbs/end-operation'
import type { OpenInstance } from '@yardmaster/db/verbs/read-ledger'
import type { MachineRequest } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'
import type { Account } from '../providers/registry.js'
import { backoffMs, failureOf, type Failure } from './failures.js'
import type { MachineOptions } from '../rendering/machine-options.js'
import { configuredPassword, instanceOptions, machineRequest } from './machine-request.js'
import { recordEnd } from './operations.js'
import { within } from './within.js'

/** For the provider to accept a machine. */
const DEADLINE_MS = 60_000
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 60_000

/** Asks for an instance's machine, once, and writes down what came of it; so too when its account could not be opened. `signal`: the process stops. */
export async function createMachine(deps: Provisioning, account: Account | Failure, instance: OpenInstance, signal: AbortSignal): Promise<void> {
  const { write, random, replicaId, logger, generations } = deps
  const { configuration } = await generations.get(instance.generationId)
  let made: { request: MachineRequest; hidden: string[] } | null = null
  let rendered: MachineOptions | null = null
  let refusal: Failure | null = 'provider' in account ? null : account
  let own = ''
  try {
    const configured = configuredPassword(deps, configuration.workers.find(worker => worker.name === instance.worker))
    own = configured === null ? `${random.uuid()}${random.uuid()}`.replaceAll('-', '') : ''
    rendered = await instanceOptions(deps, instance)
    made = await machineRequest(deps, instance, { password: configured ?? own, options: rendered.options })
  } catch (error) {
    refusal ??= failureOf(error)
  }
  const begun = await write(tx => beginOperation(tx, { id: instance.id, operation: 'create', replicaId, passwordHash: own === '' ? null : sha256(own), ...rendered }))
  if (!begun) return
  const outcome = made && 'provider' in account
    ? await ask(deps, account, { ...made, tries: begun.tries }, signal)
    : refused(deps, { ...refusal!, mayHaveHappened: false }, { tries: begun.tries, asked: false })
  const ours = await recordEnd(deps, { id: instance.id, operation: 'create', outcome }, signal)
  tell(logger, instance, outcome, ours)
}

type Asking = { request: MachineRequest; /** Texts that must be in no row and no log. */ hidden: readonly string[]; tries: number }

async function ask(deps: Provisioning, { provider }: Account, { request, hidden, tries }: Asking, signal: AbortSignal): Promise<OperationOutcome> {
  try {
    const machine = await within({ clock: deps.clock, signal, ms: DEADLINE_MS }, either => provider.create(request, either))
    const { installation, worker, attempt } = machine.label
    if (installation !== request.label.installation || worker !== request.label.worker || attempt !== request.label.attempt) throw new Error('the provider answered with a machine of another label')
    return { kind: 'created', machine }
  } catch (error) {
    return refused(deps, failureOf(error, hidden), { tries, asked: true })
  }
}

function refused({ random }: Provisioning, failure: Failure, { tries, asked }: { tries: number; asked: boolean }): OperationOutcome {
  const { class: failureClass, message } = failure
  if (failureClass !== 'retry') return { kind: 'refused', failure: { class: failureClass, message }, asked }
  if (failure.mayHaveHappened) return { kind: 'unknown', failure: message }
  const afterMs = Math.max(failure.retryAfterMs ?? 0, backoffMs({ tries, chance: random.float(), firstMs: FIRST_RETRY_MS, mostMs: LONGEST_RETRY_MS }))
  return { kind: 'again', failure: { class: failureClass, message }, afterMs }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function tell(logger: Provisioning['logger'], { id, worker, pool, attempt }: OpenInstance, outcome: OperationOutcome, ours: boolean): void {
  const facts = { instance: id, worker, pool, attempt }
  if (!ours) logger.warn(facts, 'what came of a machine is seen to by another replica')
  else if (outcome.kind === 'created') logger.info({ ...facts, machine: outcome.machine.id }, 'a machine is made')
  else if (outcome.kind === 'unknown') logger.warn({ ...facts, why: outcome.failure }, 'it is not known whether a machine was made: it is looked for by its label')
  else if (outcome.kind === 'refused' && outcome.failure.class === 'alert') logger.error({ ...facts, why: outcome.failure.message }, 'a pool starts nothing until somebody has looked')
  else if (outcome.kind === 'refused') logger.warn({ ...facts, class: outcome.failure.class, why: outcome.failure.message }, 'a machine was refused')
  else if (outcome.kind === 'again') logger.warn({ ...facts, afterMs: outcome.afterMs, why: outcome.failure?.message }, 'a machine is asked for again')
}
