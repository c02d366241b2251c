import type { Database } from '@yardmaster/db'
import { cancelRequest } from '@yardmaster/db/verbs/cancel-request'
import { releaseRequest } from '@yardmaster/db/verbs/release-request'
import { setPriority } from '@yardmaster/db/verbs/set-priority'
import { cancelRequestBody, priorityRequest, type WaitingRequest } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { sendJson } from '../json.js'
import { act } from './act.js'
import { wholeId } from './whole-id.js'
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
  router.get('/', async (request, response) => {
    const { rows } = await db.pool.query<WaitingRequest>(`${SELECT} AND (r.waits_for IS NOT NULL OR r.hold IS NOT NULL) ORDER BY r.priority DESC, r.submitted_at, r.id LIMIT ${MOST}`)
    sendJson(request, response, { buildrequests: rows })
  })
  router.get('/:buildrequest', async (request, response) => {
    sendJson(request, response, { buildrequest: await waitingRequest(db, request.params.buildrequest) })
  })
  router.post('/:buildrequest/priority', async (request, response) => {
    const { priority } = priorityRequest.parse(request.body ?? {})
    const { id } = await waitingRequest(db, request.params.buildrequest)
    await act(deps, request, { action: 'set_priority', thing: 'build_requests', id, parameters: { priority } }, tx => setPriority(tx, { requestId: id, priority }))
    sendJson(request, response, { buildrequest: await waitingRequest(db, request.params.buildrequest) })
  })
  router.post('/:buildrequest/release', async (request, response) => {
    const { id, hold } = await waitingRequest(db, request.params.buildrequest)
    if (hold !== 'worker') throw new YardError(409, `build request ${id} is not held: it waits by itself`)
    await act(deps, request, { action: 'release', thing: 'build_requests', id, parameters: {} }, tx => releaseRequest(tx, id))
    sendJson(request, response, { buildrequest: await waitingRequest(db, request.params.buildrequest) })
  })
  router.post('/:buildrequest/cancel', async (request, response) => {
    const { reason } = cancelRequestBody.parse(request.body ?? {})
    const id = wholeId(request.params.buildrequest)
    const done = await act(deps, request, { action: 'cancel', thing: 'build_requests', id, parameters: { reason } }, (tx, actor) => cancelRequest(tx, { requestId: id, reason, actor }))
    if (done === null) throw new YardError(409, `build request ${id} is not there, or has ended`)
    sendJson(request, response, { cancelled: done === 'cancelled' ? 1 : 0, stopping: done === 'stopping' ? 1 : 0 })
  })
  return router
}

async function waitingRequest(db: Database, which: string): Promise<WaitingRequest> {
  const { rows } = await db.pool.query<WaitingRequest>(`${SELECT} AND r.id = $1`, [wholeId(which)])
  if (!rows[0]) throw new YardError(404, `there is no pending build request ${which}`)
  return rows[0]
}
