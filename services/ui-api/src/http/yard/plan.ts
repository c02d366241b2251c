import { routes, type PlannedScheduler } from '@yardmaster/rest'
import { imaginedChange, planChange, propertiesFrom, type SchedulerPlan, type StoredChange } from '@yardmaster/domain'
import { Router } from 'express'
import type { ActiveGeneration, Deps } from '../../deps.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

/** What the schedulers of the active configurations would make of a change. Nothing is written. */
export function planRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.plan.plan, async ({ body: { properties = {}, branch, revision, category, ...given } }) => {
    const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    const change = imaginedChange({ ...defined, branch: branch ?? null, revision: revision ?? null, category: category ?? null, properties: propertiesFrom(properties, 'Change') })
    return { schedulers: await plansOf(deps, change) }
  })
  return router
}

async function plansOf({ db, activeGenerations }: Deps, change: StoredChange): Promise<PlannedScheduler[]> {
  const generations = activeGenerations()
  if (generations.length === 0) throw new YardError(409, 'no configuration is active yet: there is nothing that could be planned')
  const { rows: disabled } = await db.pool.query<{ name: string }>('SELECT name FROM schedulers WHERE active AND NOT enabled')
  const names = new Set(disabled.map(({ name }) => name))
  const plans = (await Promise.all(generations.map(generation => planned(generation, change, name => !names.has(name))))).flat()
  return withConnected(plans, await connectedWorkers({ db }, plans))
}

function planned({ configuration, threads }: ActiveGeneration, change: StoredChange, enabled: (name: string) => boolean): Promise<SchedulerPlan[]> {
  return planChange(configuration, change, {
    enabled, call: (fn, args) => threads.call(fn, { args }), callPatiently: (fn, args) => threads.callPatiently(fn, { args }, new AbortController().signal),
  })
}

async function connectedWorkers({ db }: Pick<Deps, 'db'>, plans: SchedulerPlan[]): Promise<Map<string, string[]>> {
  const names = [...new Set(plans.flatMap(({ buildset }) => buildset?.builders.map(({ name }) => name) ?? []))]
  if (names.length === 0) return new Map()
  const { rows } = await db.pool.query<{ name: string; workers: string[] }>(
    `SELECT b.name, array_agg(w.name ORDER BY w.name) AS workers FROM builders b JOIN builder_workers bw ON bw.builder_id = b.id JOIN workers w ON w.id = bw.worker_id
     JOIN worker_sessions s ON s.worker_id = w.id AND s.connected WHERE b.active AND b.name = ANY($1) GROUP BY b.name`, [names])
  return new Map(rows.map(row => [row.name, row.workers]))
}

function withConnected(plans: SchedulerPlan[], connected: ReadonlyMap<string, string[]>): PlannedScheduler[] {
  return plans.map(plan => ({
    ...plan, buildset: plan.buildset && { ...plan.buildset, builders: plan.buildset.builders.map(builder => ({ ...builder, connected: connected.get(builder.name) ?? [] })) },
  }))
}
