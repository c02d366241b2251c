import { forceFields } from '@yardmaster/domain'
import { forceFormRequest } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { forceScheduler } from '../../do/force.js'
import { resolveForm } from '../../do/resolve-form.js'
import { sendJson } from '../json.js'
import { forceField } from '../resources/force-field.js'

/** For people who wait for a form: what is not said by then is told in its field. */
const PATIENCE_MS = 3_000

/** The form of a force scheduler as it is for one builder, given what was filled in so far. */
export function forceFormRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router.post('/:scheduler/form', async (request, response) => {
    const { builderid, values = {} } = forceFormRequest.parse(request.body ?? {})
    const found = forceScheduler(deps.activeGenerations(), request.params.scheduler)
    const { rows: [builder] } = await deps.db.pool.query<{ name: string }>('SELECT name FROM builders WHERE id = $1', [builderid ?? null])
    const form = await resolveForm(deps, { ...found, builder: builder?.name ?? null, values, patienceMs: PATIENCE_MS })
    sendJson(request, response, { all_fields: forceFields(form).map(forceField) })
  })
  return router
}
