import { createRegistry } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { anInstance, aPool } from '../../../../test/kit/machine-rows.js'
import { leaksRemoved } from '../do/machine-metrics.js'
import { measureMachines } from './measure.js'

const big = aPool('big', { max: 3, dailyCap: { amount: 100, timeZone: 'UTC', running: 'retry' } })
let installation: Installation
beforeAll(async () => { installation = await anInstallation(aConfiguration({ workers: big.workers, pools: [big.pool], builders: [aBuilder('b1', { workers: big.pool.workers })] })) })
afterAll(() => installation?.close())

function measuring() {
  const registry = createRegistry()
  const { generationId, configuration, db } = installation
  const generations = { active: () => ({ id: generationId, configuration }) } as Parameters<typeof measureMachines>[0]['generations']
  const measure = measureMachines({ db, set: 'main', generations, registry })
  const lines = async () => (await registry.metrics()).split('\n').filter(line => /^yard_(instance|pool)/.test(line))
  return { registry, measure, lines, of: async (name: string) => (await lines()).filter(line => line.startsWith(`${name}{`) && !line.endsWith(' 0')) }
}

it('tells machines, money and troubles by pool, and counts what is new', async () => {
  await anInstance(installation, 'big-1', { observed: 'running', price_per_hour: 2, currency: 'EUR', billing_period: 86_400 }, { requested_at: '10 seconds', created_at: '1 second' })
  const { measure, of, lines, registry } = measuring()
  await measure(true)
  expect(await of('yard_instances')).toEqual(['yard_instances{pool="big",state="booting"} 1'])
  expect(await of('yard_pool_cost_per_hour')).toEqual(['yard_pool_cost_per_hour{pool="big",currency="EUR"} 2'])
  expect(await of('yard_pool_spent_today')).toEqual(['yard_pool_spent_today{pool="big",currency="EUR"} 48'])
  expect(await of('yard_pool_daily_cap')).toEqual(['yard_pool_daily_cap{pool="big"} 100'])
  // It was there before anybody looked.
  expect(await of('yard_instances_created_total')).toEqual([])

  await installation.db.pool.query(`UPDATE instances SET connected_at = requested_at + interval '7 seconds'`)
  await installation.db.pool.query(`UPDATE worker_pools SET alert = 'no credits', paused = true, failures = 2, backoff_until = now() + interval '1 hour'`)
  await anInstance(installation, 'big-2', { operation: 'create' })
  await anInstance(installation, 'big-3', { unsure_since: new Date(0), desired: 'gone', failure_class: 'elsewhere', failure: 'no capacity', condemned_at: new Date(0) })
  await measure(true)
  await measure(true)
  expect(await of('yard_instances')).toEqual(expect.arrayContaining(['booting', 'creating', 'removing'].map(state => `yard_instances{pool="big",state="${state}"} 1`)))
  expect(await of('yard_instance_operations')).toEqual(['yard_instance_operations{pool="big",operation="create"} 1'])
  expect(await of('yard_instances_failed_total')).toEqual(['yard_instances_failed_total{pool="big",class="elsewhere"} 1'])
  expect(await lines()).toEqual(expect.arrayContaining(['yard_instance_boot_seconds_count{pool="big"} 1', 'yard_instance_boot_seconds_sum{pool="big"} 7', 'yard_pool_alert{pool="big"} 1', 'yard_pool_paused{pool="big"} 1', 'yard_pool_failures{pool="big"} 2']))
  for (const name of ['yard_instance_oldest_unsure_seconds', 'yard_instance_oldest_removal_seconds', 'yard_pool_backoff_seconds']) expect(await of(name)).toHaveLength(1)
  leaksRemoved(registry).inc({ kind: 'storage' })
  expect(await of('yard_instance_leaks_removed_total')).toEqual(['yard_instance_leaks_removed_total{kind="storage"} 1'])

  // Another replica has the duty, and tells it.
  await measure(false)
  expect(await of('yard_instances')).toEqual([])
  expect(await of('yard_pool_spent_today')).toEqual([])
  expect(await of('yard_instances_failed_total')).toHaveLength(1)
})
