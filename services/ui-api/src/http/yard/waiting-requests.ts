import type { Database } from '@yardmaster/db'
import { cancelRequest } from '@yardmaster/db/verbs/cancel-request'
import { releaseRequest } from '@yardmaster/db/verbs/release-request'
import { setPriority } from '@yardmaster/db/verbs/set-priority'
import { routes, type WaitingRequest } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { act } from './act.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

/** Those that are next are the ones of which it is known what they wait for. */
const MOST = 1_000

const SELECT = `SELECT r.id, b.id AS builderid, b.name AS builder, r.buildset_id AS buildsetid, r.priority, extract(epoch FROM r.submitted_at)::float8 AS "submittedAt",
    r.hold, r.waits_for AS "waitsFor", CASE WHEN r.not_before > now() THEN extract(epoch FROM r.not_before)::float8 END AS "notBefore"
  FROM build_requests r JOIN builders b ON b.id = r.builder_id WHERE r.state = 'pending'`

/** Pending requests that were passed over, and why. */
export function waitingRequestRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.buildrequests.waiting, async () => {
    const { rows } = await db.pool.query<WaitingRequest>(`${SELECT} AND (r.waits_for IS NOT NULL OR r.hold IS NOT NULL) ORDER BY r.priority DESC, r.submitted_at, r.id LIMIT ${MOST}`)
    return { buildrequests: rows }
  })
  serve(router, deps, routes.buildrequests.one, async ({ params }) => ({ buildrequest: await waitingRequest(db, params.buildrequest) }))
  serve(router, deps, routes.buildrequests.setPriority, async ({ params, body: { priority }, request }) => {
    const { id } = await waitingRequest(db, params.buildrequest)
    await act(deps, request, { ...routes.buildrequests.setPriority.action, id, parameters: { priority } }, tx => setPriority(tx, { requestId: id, priority }))
    return { buildrequest: await waitingRequest(db, id) }
  })
  serve(router, deps, routes.buildrequests.release, async ({ params, request }) => {
    const { id, hold } = await waitingRequest(db, params.buildrequest)
    const done = await act(deps, request, { ...routes.buildrequests.release.action, id }, async tx => {
      if (hold === 'worker') await releaseRequest(tx, id)
      return hold === 'worker'
    })
    if (!done) throw new YardError(409, `build request ${id} is not held: it waits by itself`)
    return { buildrequest: await waitingRequest(db, id) }
  })
  serve(router, deps, routes.buildrequests.cancel, async ({ params: { buildrequest: id }, body: { reason }, request }) => {
    const done = await act(deps, request, { ...routes.buildrequests.cancel.action, id, parameters: { reason } }, (tx, actor) => cancelRequest(tx, { requestId: id, reason, actor }))
    if (done === null) throw new YardError(409, `build request ${id} is not there, or has ended`)
    return { cancelled: done === 'cancelled' ? 1 : 0, stopping: done === 'stopping' ? 1 : 0 }
  })
  return router
}

async function waitingRequest(db: Database, id: number): Promise<WaitingRequest> {
  const { rows } = await db.pool.query<WaitingRequest>(`${SELECT} AND r.id = $1`, [id])
  if (!rows[0]) throw new YardError(404, `there is no pending build request ${id}`)
  return rows[0]
}
