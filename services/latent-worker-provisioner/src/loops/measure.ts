import { readBills, type PoolBill } from '@yardmaster/db/verbs/read-bills'
import { readMachineFacts, type MachineFacts, type PoolFacts } from '@yardmaster/db/verbs/read-machine-facts'
import { costBetween, dayAt, instanceState, type PoolConfig } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'
import { familiesOf, type Families } from '../do/machine-metrics.js'

type Known = { created: boolean; booted: boolean; failed: boolean }

const STATES = ['requested', 'creating', 'booting', 'ready', 'removing'] as const

/**
 * Tells Prometheus what the ledger has. Only who holds the duty says so, or replicas would be added up; what happened while nobody looked is
 * counted by nobody.
 */
export function measureMachines({ db, set, generations, registry }: Pick<Provisioning, 'db' | 'set' | 'generations' | 'registry'>): (holdsDuty: boolean) => Promise<void> {
  const families = familiesOf(registry)
  let known: Map<number, Known> | null = null
  return async holdsDuty => {
    if (!holdsDuty) {
      if (known) reset(families)
      known = null
      return
    }
    const { pools, machines } = await readMachineFacts(db, set)
    const bills = await readBills(db, pools.map(({ id }) => id))
    const configured = generations.active()?.configuration.pools ?? []
    known = count(families, machines, known)
    reset(families)
    for (const pool of pools) {
      tellPool(families, pool, machines.filter(machine => machine.pool === pool.name && !machine.gone))
      tellMoney(families, pool, { config: configured.find(({ name }) => name === pool.name), bills: bills.filter(({ poolId }) => poolId === pool.id) })
    }
  }
}

/** What is new since the last look, by which the counters go. At the first look all is old. */
function count(families: Families, machines: readonly MachineFacts[], known: ReadonlyMap<number, Known> | null): Map<number, Known> {
  for (const { id, pool, created, bootSeconds, failureClass } of known ? machines : []) {
    const before = known?.get(id)
    if (created && !before?.created) families.created.inc({ pool })
    if (bootSeconds !== null && !before?.booted) families.boot.observe({ pool }, bootSeconds)
    if (failureClass !== null && !before?.failed) families.failed.inc({ pool, class: failureClass })
  }
  return new Map(machines.map(({ id, created, bootSeconds, failureClass }) => [id, { created, booted: bootSeconds !== null, failed: failureClass !== null }]))
}

function tellPool(families: Families, { name: pool, failures, backoff, alert, paused }: PoolFacts, machines: readonly MachineFacts[]): void {
  const states = machines.map(machine => instanceState(machine))
  for (const state of STATES) families.instances.set({ pool, state }, states.filter(one => one === state).length)
  for (const operation of ['create', 'remove'] as const) families.operations.set({ pool, operation }, machines.filter(machine => machine.operation === operation).length)
  families.unsure.set({ pool }, Math.max(0, ...machines.map(({ unsureFor }) => unsureFor ?? 0)))
  families.removing.set({ pool }, Math.max(0, ...machines.map(({ removingFor }) => removingFor ?? 0)))
  families.backoff.set({ pool }, backoff)
  families.failures.set({ pool }, failures)
  families.alert.set({ pool }, alert ? 1 : 0)
  families.paused.set({ pool }, paused ? 1 : 0)
  for (const { currency, perHour, created } of machines) if (created && currency !== null) families.costPerHour.inc({ pool, currency }, perHour)
}

function tellMoney(families: Families, { name: pool, now }: PoolFacts, { config, bills }: { config: PoolConfig | undefined; bills: readonly PoolBill[] }): void {
  const cap = config?.dailyCap ?? null
  if (cap) families.cap.set({ pool }, cap.amount)
  const { from } = dayAt(now, cap?.timeZone ?? 'UTC')
  for (const bill of bills) families.spent.inc({ pool, currency: bill.currency }, costBetween(bill, { from, until: now }))
}

/** Gauges only: counters never go back. */
function reset({ instances, operations, unsure, removing, costPerHour, spent, cap, backoff, failures, alert, paused }: Families): void {
  for (const gauge of [instances, operations, unsure, removing, costPerHour, spent, cap, backoff, failures, alert, paused]) gauge.reset()
}
