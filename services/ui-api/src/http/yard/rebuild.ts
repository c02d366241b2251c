import { transaction } from '@yardmaster/db'
import { routes } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { rebuildable, rebuildWith } from '../../do/rebuild.js'
import { act } from './act.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

/** A build once more, with changes. */
export function rebuildRoutes(deps: Deps): Router {
  const { db, activeGeneration } = deps
  const router = Router({ strict: true, caseSensitive: true })
  const known = async ({ build }: { build: number }): Promise<number> => {
    const { rowCount } = await db.pool.query('SELECT 1 FROM builds WHERE id = $1', [build])
    if (rowCount === 0) throw new YardError(404, `not found: there is no build ${build}`)
    return build
  }
  serve(router, deps, routes.builds.rebuildable, async ({ params }) => {
    const id = await known(params)
    const found = await transaction(db, null, tx => rebuildable(tx, id))
    return { rebuild: { ...found, sourcestamps: found.sourcestamps.map(({ patch, ...stamp }) => ({ ...stamp, patch: patch && { level: patch.level, subdir: patch.subdir, author: patch.author, comment: patch.comment } })) } }
  })
  serve(router, deps, routes.builds.rebuild, async ({ params, body: changes, request }) => {
    const id = await known(params)
    const parameters = { ...(changes.reason === undefined ? {} : { reason: changes.reason }), fields: Object.keys(changes).sort() }
    const rebuilt = await act(deps, request, { ...routes.builds.rebuild.action, id, parameters }, (tx, actor) => rebuildWith(tx, { id, actor, activeGeneration }, changes))
    return { buildsetid: rebuilt.buildsetId, buildrequestid: rebuilt.requestId }
  })
  return router
}
