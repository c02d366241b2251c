import type { MachineFacts } from '../worker-availability.js'
import { instanceState, type InstanceFacts } from './instance-states.js'
import type { PoolConfig } from './pool-config.js'

/** Why a machine of the pool gets no further build, as its pool limits it: `age` in seconds since it was wanted; null: nothing is in the way. */
export function spentBy(pool: Pick<PoolConfig, 'buildWaitTimeout' | 'maxUses' | 'maxAge'> | undefined, { uses, age }: { uses: number; age: number }): string | null {
  if (!pool) return 'its pool is not in the configuration any more'
  const { maxUses, maxAge } = buildLimits(pool)
  if (maxUses !== null && uses >= maxUses) return maxUses === 1 ? 'it has had its build' : `it has had its ${maxUses} builds`
  return maxAge !== null && age >= maxAge ? `it is older than ${maxAge} s` : null
}

/** Buildbot's build_wait_timeout of 0 means one build a machine. */
export function buildLimits({ buildWaitTimeout, maxUses, maxAge }: Pick<PoolConfig, 'buildWaitTimeout' | 'maxUses' | 'maxAge'>): { maxUses: number | null; maxAge: number | null } {
  return { maxUses: buildWaitTimeout === 0 ? 1 : maxUses, maxAge }
}

/** The machine as its slot's worker is judged by it; null: the slot has none. */
export function machineFacts(machine: (InstanceFacts & { uses: number; retireReason: string | null; /** Seconds since it was wanted. */ age: number }) | null, pool: PoolConfig | undefined): MachineFacts {
  if (!machine) return { state: null, age: 0, spent: null }
  return { state: instanceState(machine), age: machine.age, spent: machine.retireReason ?? spentBy(pool, machine) }
}
