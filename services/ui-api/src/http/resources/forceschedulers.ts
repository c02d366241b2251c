import { forceFields, type ForceScheduler as ForceConfig } from '@yardmaster/domain'
import { applyResultSpec, forceschedulers as type, type ForceScheduler } from '@yardmaster/rest'
import type { Endpoint, EndpointRequest } from './endpoint.js'
import { forceField } from './force-field.js'
import { builderId } from './places.js'
import { sql, toQuery } from './sql.js'

/** The force schedulers of all sets' active configurations, with whether somebody switched them off. */
async function configured({ db, activeGenerations }: Pick<EndpointRequest, 'db' | 'activeGenerations'>): Promise<ForceScheduler[]> {
  const schedulers = activeGenerations().flatMap(({ configuration }) => configuration.schedulers).filter((scheduler): scheduler is ForceConfig => scheduler.kind === 'force')
  const { rows } = await db.pool.query<{ name: string }>('SELECT name FROM schedulers WHERE NOT enabled AND name = ANY($1)', [schedulers.map(scheduler => scheduler.name)])
  const disabled = new Set(rows.map(row => row.name))
  return schedulers.map(scheduler => ({
    name: scheduler.name,
    button_name: scheduler.buttonName,
    label: scheduler.label,
    builder_names: scheduler.builders,
    enabled: !disabled.has(scheduler.name),
    all_fields: forceFields(scheduler).map(forceField),
  }))
}

export const forceschedulerEndpoints: Endpoint[] = [
  { path: '/forceschedulers', type, kind: 'collection', answer: async request => applyResultSpec(await configured(request), request.spec) },
  {
    path: '/forceschedulers/:scheduler', type, kind: 'single',
    async answer(request) {
      const rows = (await configured(request)).filter(scheduler => scheduler.name === request.params.scheduler)
      return rows.length > 0 ? { rows, total: null } : null
    },
  },
  {
    path: '/builders/:builder/forceschedulers', type, kind: 'collection',
    async answer(request) {
      const { rows: [builder] } = await request.db.pool.query<{ name: string }>(toQuery(sql`SELECT name FROM builders WHERE id = ${builderId(request.params)}`))
      if (!builder) return null
      const rows = (await configured(request)).filter(scheduler => scheduler.builder_names.includes(builder.name))
      return applyResultSpec(rows, request.spec)
    },
  },
]
