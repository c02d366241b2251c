import { cancelBuildset } from '@yardmaster/db/verbs/cancel-buildset'
import { routes } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { act } from './act.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

/** What can be done to a whole buildset. */
export function buildsetRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.buildrequests.cancelBuildset, async ({ params: { buildset: id }, body: { reason }, request }) => {
    const { rowCount } = await deps.db.pool.query('SELECT 1 FROM buildsets WHERE id = $1', [id])
    if (rowCount === 0) throw new YardError(404, `not found: there is no buildset ${id}`)
    const done = await act(deps, request, { ...routes.buildrequests.cancelBuildset.action, id, parameters: { reason } }, (tx, actor) => cancelBuildset(tx, { buildsetId: id, reason, actor }))
    return { cancelled: done.filter(outcome => outcome === 'cancelled').length, stopping: done.filter(outcome => outcome === 'stopping').length }
  })
  return router
}
