import { adoptStray } from '@yardmaster/db/verbs/adopt-stray'
import { closeInstance } from '@yardmaster/db/verbs/close-instance'
import { noteSightings } from '@yardmaster/db/verbs/note-sightings'
import { observeInstance } from '@yardmaster/db/verbs/observe-instance'
import { isLabelOpen, type OpenInstance, type UsedPool } from '@yardmaster/db/verbs/read-ledger'
import type { Leftover, Machine, MachineLabel } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'
import { leaksRemoved } from './machine-metrics.js'
import type { Account } from '../providers/registry.js'
import { failureOf } from './failures.js'
import { within } from './within.js'

/** One account, what the ledger has open there (read before the account is asked), and by which pools it is known: at least one. */
export type AccountView = { account: Account; instances: OpenInstance[]; pools: readonly UsedPool[]; seen: Sightings }

/** What is there that no open instance of the account has, and since when (monotonic, by rows: see noteSightings): things that are just being made or removed pass, too. `held`: others have it. */
export type Sightings = Map<string, { since: number; held: boolean }>

const DEADLINE_MS = 30_000

/**
 * Compares an account with the ledger, both ways. Rejects when the account does not answer: nothing is concluded then. Resolves to why single machines could not be looked at, which
 * keeps nobody from looking at the others; null: all could.
 */
export async function lookAtAccount(deps: Provisioning, view: AccountView, signal: AbortSignal): Promise<string | null> {
  const { clock, installation } = deps
  const { account, instances } = view
  const { machines, leftovers } = await account.queue.add(() => within({ clock, signal, ms: DEADLINE_MS }, either => account.provider.list(installation, either)), { priority: 2 })
  const ours = machines.filter(machine => machine.label.installation === installation)
  const found = new Set<number>()
  const strays: Machine[] = []
  for (const machine of ours) {
    const instance = instances.find(({ externalId }) => externalId === machine.id) ?? instances.find(open => open.externalId === null && !found.has(open.id) && sameLabel(open, machine.label))
    if (!instance) strays.push(machine)
    else {
      found.add(instance.id)
      // One whose creation is being asked for has its answer still coming.
      if (instance.externalId !== null || instance.unsureFor !== null) await note(deps, instance, machine)
    }
  }
  await notePresent(deps, view, [...strays, ...leftovers.filter(leftover => leftover.label.installation === installation)].map(({ id }) => id))
  const unseen = [...await missing(deps, view, found, signal), ...await removeStrays(deps, view, strays, signal)]
  await removeLeftovers(deps, view, leftovers.filter(leftover => leftover.label.installation === installation), signal)
  return unseen.length > 0 ? unseen.join('; ') : null
}

const sameLabel = (open: Pick<OpenInstance, 'worker' | 'attempt'>, label: MachineLabel) => open.worker === label.worker && open.attempt === label.attempt

async function note({ write, logger }: Provisioning, instance: OpenInstance, machine: Machine | null): Promise<void> {
  const { id, externalId, observed, detail, address, storages, worker } = instance
  const adopted = externalId === null
  // What is as it was needs no transaction.
  if (!adopted && machine && machine.state === observed && machine.detail === detail && (machine.address ?? address) === address && machine.storages.every(storage => storages.includes(storage))) return
  if (!machine && observed === 'absent') return
  const changed = await write(tx => observeInstance(tx, { id, machine }))
  if (changed && adopted) logger.info({ instance: id, worker, machine: machine?.id }, 'a machine whose creation was not answered has turned up')
}

type Asked = { machine: Machine | null } | { unseen: string }

async function ask({ clock }: Provisioning, { account }: AccountView, { id, signal }: { id: string; signal: AbortSignal }): Promise<Asked> {
  try {
    return { machine: await account.queue.add(() => within({ clock, signal, ms: DEADLINE_MS }, either => account.provider.get(id, either))) }
  } catch (error) {
    return { unseen: `${id}: ${failureOf(error).message}` }
  }
}

/** What should be there and was not listed: lists lag, so each is asked for. What was never seen is given up once it cannot turn up any more. */
async function missing(deps: Provisioning, view: AccountView, found: ReadonlySet<number>, signal: AbortSignal): Promise<string[]> {
  const { write, logger, settings: { machineSettle } } = deps
  const { instances } = view
  const unseen: string[] = []
  for (const instance of instances.filter(({ id, operation }) => !found.has(id) && operation === null)) {
    const { id, externalId, unsureFor, desired, worker, attempt } = instance
    if (externalId === null && unsureFor !== null && unsureFor >= machineSettle) {
      const closed = await write(tx => closeInstance(tx, { id, untracedSeconds: machineSettle }))
      if (closed) logger.info({ instance: id, worker, attempt }, 'a machine whose creation was not answered did not turn up: it was not made')
    } else if (externalId !== null && desired === 'running') {
      const asked = await ask(deps, view, { id: externalId, signal })
      if ('unseen' in asked) unseen.push(asked.unseen)
      else await note(deps, instance, asked.machine)
    }
  }
  return unseen
}

/** What is there without an open instance, since when: in rows, since a provisioner may live for less than the time of grace, again and again. */
async function notePresent({ write, clock }: Provisioning, { account, seen }: AccountView, present: readonly string[]): Promise<void> {
  const ids = present.filter(id => !seen.has(id))
  const gone = [...seen.keys()].filter(id => !present.includes(id))
  if (ids.length === 0 && gone.length === 0) return
  const ages = await write(tx => noteSightings(tx, { provider: account.kind, ids, gone }))
  for (const id of gone) seen.delete(id)
  for (const [id, ms] of ages) seen.set(id, { since: clock.monotonic() - ms, held: false })
}

/** Whether it has been there for long enough to be judged. */
function isRipe({ clock, settings: { machineSettle } }: Provisioning, seen: Sightings, id: string): boolean {
  return clock.monotonic() - seen.get(id)!.since >= machineSettle * 500
}

async function removeStrays(deps: Provisioning, view: AccountView, strays: Machine[], signal: AbortSignal): Promise<string[]> {
  const { write, clock, logger } = deps
  const { account, pools, seen } = view
  const unseen: string[] = []
  for (const stray of strays.filter(({ id }) => isRipe(deps, seen, id))) {
    seen.set(stray.id, { since: clock.monotonic(), held: false })
    const asked = await ask(deps, view, { id: stray.id, signal })
    if ('unseen' in asked) unseen.push(asked.unseen)
    if ('unseen' in asked || !asked.machine) continue
    const machine = { ...asked.machine, label: stray.label }
    const adopted = await write(tx => adoptStray(tx, { machine, pools, provider: account.kind })).catch((error: unknown) => ({ unseen: `${stray.id} cannot be written down: ${failureOf(error).message}` }))
    if (adopted !== null && 'unseen' in adopted) {
      unseen.push(adopted.unseen)
      continue
    }
    seen.set(stray.id, { since: clock.monotonic(), held: adopted === null })
    if (adopted === null) continue
    const facts = { instance: adopted.id, machine: stray.id, worker: stray.label.worker, attempt: stray.label.attempt }
    if (adopted.known) logger.info(facts, 'a machine that its own account cannot remove is reached by another configuration of its pool')
    else {
      leaksRemoved(deps.registry).inc({ kind: 'machine' })
      logger.warn(facts, 'a machine of ours that nobody wants is removed')
    }
  }
  return unseen
}

async function removeLeftovers(deps: Provisioning, { account, seen }: AccountView, leftovers: Leftover[], signal: AbortSignal): Promise<void> {
  const { db, clock, logger } = deps
  for (const leftover of leftovers.filter(({ id }) => isRipe(deps, seen, id))) {
    // While its machine is in the ledger it goes with it.
    const held = await isLabelOpen(db, leftover.label)
    seen.set(leftover.id, { since: seen.get(leftover.id)!.since, held })
    if (held) continue
    const facts = { leftover: leftover.id, kind: leftover.kind, worker: leftover.label.worker, attempt: leftover.label.attempt }
    try {
      await account.queue.add(() => within({ clock, signal, ms: DEADLINE_MS }, either => account.provider.removeLeftover(leftover, either)))
      leaksRemoved(deps.registry).inc({ kind: leftover.kind })
      logger.warn(facts, 'what a machine left behind is removed')
    } catch (error) {
      // It may be busy for long: as often as a stray.
      seen.set(leftover.id, { since: clock.monotonic(), held: false })
      logger.warn({ ...facts, why: failureOf(error).message }, 'what a machine left behind could not be removed yet')
    }
  }
}
