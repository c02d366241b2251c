import { Counter, Gauge, Histogram, type Registry } from '@yardmaster/runtime'

/** Seconds from the wish for a machine to its worker's first connection: from processes on this host to clouds on a bad day. */
const BOOT_SECONDS = [1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200]

function make(registry: Registry) {
  const registers = [registry]
  return {
    instances: new Gauge({ name: 'yard_instances', help: 'Machines of a pool in a state', labelNames: ['pool', 'state'] as const, registers }),
    operations: new Gauge({ name: 'yard_instance_operations', help: 'Operations at a provider that are under way', labelNames: ['pool', 'operation'] as const, registers }),
    unsure: new Gauge({ name: 'yard_instance_oldest_unsure_seconds', help: 'How long it has been unknown whether a machine was created, of the oldest one', labelNames: ['pool'] as const, registers }),
    removing: new Gauge({ name: 'yard_instance_oldest_removal_seconds', help: 'How long a machine has been wanted gone that is not yet, of the oldest one', labelNames: ['pool'] as const, registers }),
    costPerHour: new Gauge({ name: 'yard_pool_cost_per_hour', help: 'What the machines that are there cost in an hour', labelNames: ['pool', 'currency'] as const, registers }),
    spent: new Gauge({ name: 'yard_pool_spent_today', help: 'What the machines cost since the day began, in the time zone of the pool\'s cap', labelNames: ['pool', 'currency'] as const, registers }),
    cap: new Gauge({ name: 'yard_pool_daily_cap', help: 'What the machines may cost in a day', labelNames: ['pool'] as const, registers }),
    backoff: new Gauge({ name: 'yard_pool_backoff_seconds', help: 'Until machines are started again after failures', labelNames: ['pool'] as const, registers }),
    failures: new Gauge({ name: 'yard_pool_failures', help: 'Machines in a row that failed', labelNames: ['pool'] as const, registers }),
    alert: new Gauge({ name: 'yard_pool_alert', help: '1: nothing is started until somebody has looked', labelNames: ['pool'] as const, registers }),
    paused: new Gauge({ name: 'yard_pool_paused', help: '1: nothing is started, by order of somebody', labelNames: ['pool'] as const, registers }),
    created: new Counter({ name: 'yard_instances_created_total', help: 'Machines that a provider has accepted', labelNames: ['pool'] as const, registers }),
    failed: new Counter({ name: 'yard_instances_failed_total', help: 'Machines that failed, by what the failure asks for', labelNames: ['pool', 'class'] as const, registers }),
    boot: new Histogram({ name: 'yard_instance_boot_seconds', help: 'From the wish for a machine to its worker\'s first connection', labelNames: ['pool'] as const, buckets: BOOT_SECONDS, registers }),
    leaks: new Counter({ name: 'yard_instance_leaks_removed_total', help: 'Machines and disks found at a provider that nobody wanted, and removed', labelNames: ['kind'] as const, registers }),
  }
}

export type Families = ReturnType<typeof make>

const families = new WeakMap<Registry, Families>()

/** The metrics of machines; one set of them per registry. */
export function familiesOf(registry: Registry): Families {
  const known = families.get(registry) ?? make(registry)
  families.set(registry, known)
  return known
}

/** Counts what was found at a provider and removed; `kind`: machine, or a leftover's. */
export const leaksRemoved = (registry: Registry): Families['leaks'] => familiesOf(registry).leaks
