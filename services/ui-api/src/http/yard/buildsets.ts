import { cancelBuildset } from '@yardmaster/db/verbs/cancel-buildset'
import { cancelRequestBody, type Cancelled } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { sendJson } from '../json.js'
import { act } from './act.js'
import { wholeId } from './whole-id.js'
import { YardError } from './yard-error.js'

/** What can be done to a whole buildset. */
export function buildsetRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router.post('/:buildset/cancel', async (request, response) => {
    const { reason } = cancelRequestBody.parse(request.body ?? {})
    const id = wholeId(request.params.buildset)
    const { rowCount } = await deps.db.pool.query('SELECT 1 FROM buildsets WHERE id = $1', [id])
    if (rowCount === 0) throw new YardError(404, `not found: there is no buildset ${id}`)
    const done = await act(deps, request, { action: 'cancel', thing: 'buildsets', id, parameters: { reason } }, (tx, actor) => cancelBuildset(tx, { buildsetId: id, reason, actor }))
    const answer: Cancelled = { cancelled: done.filter(outcome => outcome === 'cancelled').length, stopping: done.filter(outcome => outcome === 'stopping').length }
    sendJson(request, response, answer)
  })
  return router
}
