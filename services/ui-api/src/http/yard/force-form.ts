import { forceFields } from '@yardmaster/domain'
import { routes } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { forceScheduler } from '../../do/force.js'
import { resolveForm } from '../../do/resolve-form.js'
import { forceField } from '../resources/force-field.js'
import { serve } from './serve.js'

/** For people who wait for a form: what is not said by then is told in its field. */
const PATIENCE_MS = 3_000

/** The form of a force scheduler as it is for one builder, given what was filled in so far. */
export function forceFormRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.schedulers.form, async ({ params, body: { builderid, values = {} } }) => {
    const found = forceScheduler(deps.activeGenerations(), params.scheduler)
    const { rows: [builder] } = await deps.db.pool.query<{ name: string }>('SELECT name FROM builders WHERE id = $1', [builderid ?? null])
    const form = await resolveForm(deps, { ...found, builder: builder?.name ?? null, values, patienceMs: PATIENCE_MS })
    return { all_fields: forceFields(form).map(forceField) }
  })
  return router
}
