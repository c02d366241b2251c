import { transaction } from '@yardmaster/db'
import { rebuildRequest, type Rebuildable, type Rebuilt } from '@yardmaster/rest'
import { Router, type Request } from 'express'
import type { Deps } from '../../deps.js'
import { rebuildable, rebuildWith } from '../../do/rebuild.js'
import { sendJson } from '../json.js'
import { act } from './act.js'
import { YardError } from './yard-error.js'

/** A build once more, with changes. */
export function rebuildRoutes(deps: Deps): Router {
  const { db, activeGeneration } = deps
  const router = Router({ strict: true, caseSensitive: true })
  const buildId = async ({ params }: Request): Promise<number> => {
    const id = String(params['build'])
    const { rows: [row] } = await db.pool.query<{ id: number }>('SELECT id FROM builds WHERE id = $1', [/^\d{1,15}$/.test(id) ? Number(id) : -1])
    if (!row) throw new YardError(404, `not found: there is no build ${id}`)
    return row.id
  }
  router.get('/:build/rebuild', async (request, response) => {
    const id = await buildId(request)
    const found = await transaction(db, null, tx => rebuildable(tx, id))
    const rebuild: Rebuildable = { ...found, sourcestamps: found.sourcestamps.map(({ patch, ...stamp }) => ({ ...stamp, patch: patch && { level: patch.level, subdir: patch.subdir, author: patch.author, comment: patch.comment } })) }
    sendJson(request, response, { rebuild })
  })
  router.post('/:build/rebuild', async (request, response) => {
    const id = await buildId(request)
    const changes = rebuildRequest.parse(request.body ?? {})
    const parameters = { ...(changes.reason === undefined ? {} : { reason: changes.reason }), fields: Object.keys(changes).sort() }
    const rebuilt = await act(deps, request, { action: 'rebuild', thing: 'builds', id, parameters }, (tx, actor) => rebuildWith(tx, { id, actor, activeGeneration }, changes))
    const answer: Rebuilt = { buildsetid: rebuilt.buildsetId, buildrequestid: rebuilt.requestId }
    sendJson(request, response, answer)
  })
  return router
}
