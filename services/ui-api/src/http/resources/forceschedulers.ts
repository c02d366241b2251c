import { forceFields } from '@yardmaster/domain'
import { applyResultSpec, forceschedulers as type, type ForceScheduler } from '@yardmaster/rest'
import type { Endpoint, EndpointRequest } from './endpoint.js'
import { resolveForm } from '../../do/resolve-form.js'
import { forceField } from './force-field.js'
import { builderId } from './places.js'
import { sql, toQuery } from './sql.js'

/** For what the functions of all forms say: what is not known by then is told in its field. */
const PATIENCE_MS = 1_000

type Which = { /** Those that have it, with its form. */ builder?: string; scheduler?: string }

/** The force schedulers of all sets' active configurations, with whether somebody switched them off. */
async function configured({ db, clock, activeGenerations }: Pick<EndpointRequest, 'db' | 'clock' | 'activeGenerations'>, { builder, scheduler: named }: Which = {}): Promise<ForceScheduler[]> {
  const schedulers = activeGenerations().flatMap(generation => generation.configuration.schedulers.flatMap(scheduler => (scheduler.kind === 'force' ? [{ scheduler, generation }] : [])))
    .filter(({ scheduler }) => (named === undefined || scheduler.name === named) && (builder === undefined || scheduler.builders.includes(builder)))
  const { rows } = await db.pool.query<{ name: string }>('SELECT name FROM schedulers WHERE NOT enabled AND name = ANY($1)', [schedulers.map(({ scheduler }) => scheduler.name)])
  const disabled = new Set(rows.map(row => row.name))
  return Promise.all(schedulers.map(async ({ scheduler, generation }) => {
    const form = await resolveForm({ db, clock }, { scheduler, generation, builder: builder ?? null, values: {}, patienceMs: PATIENCE_MS })
    return {
      name: scheduler.name,
      button_name: scheduler.buttonName,
      label: scheduler.label,
      builder_names: scheduler.builders,
      enabled: !disabled.has(scheduler.name),
      all_fields: forceFields(form).map(forceField),
    }
  }))
}

export const forceschedulerEndpoints: Endpoint[] = [
  { path: '/forceschedulers', type, kind: 'collection', answer: async request => applyResultSpec(await configured(request), request.spec) },
  {
    path: '/forceschedulers/:scheduler', type, kind: 'single',
    async answer(request) {
      const rows = await configured(request, { scheduler: request.params.scheduler ?? '' })
      return rows.length > 0 ? { rows, total: null } : null
    },
  },
  {
    path: '/builders/:builder/forceschedulers', type, kind: 'collection',
    async answer(request) {
      const { rows: [builder] } = await request.db.pool.query<{ name: string }>(toQuery(sql`SELECT name FROM builders WHERE id = ${builderId(request.params)}`))
      if (!builder) return null
      const rows = await configured(request, { builder: builder.name })
      return applyResultSpec(rows, request.spec)
    },
  },
]
