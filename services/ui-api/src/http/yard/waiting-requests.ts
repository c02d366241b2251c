import type { WaitingRequest } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { sendJson } from '../json.js'
import { YardError } from './yard-error.js'

/** Those that are next are the ones of which it is known what they wait for. */
const MOST = 1_000

const SELECT = `SELECT r.id, b.id AS builderid, b.name AS builder, r.buildset_id AS buildsetid, r.priority, extract(epoch FROM r.submitted_at)::float8 AS "submittedAt",
    r.waits_for AS "waitsFor", CASE WHEN r.not_before > now() THEN extract(epoch FROM r.not_before)::float8 END AS "notBefore"
  FROM build_requests r JOIN builders b ON b.id = r.builder_id WHERE r.state = 'pending'`

/** Pending requests that were passed over, and why. */
export function waitingRequestRoutes({ db }: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router.get('/', async (request, response) => {
    const { rows } = await db.pool.query<WaitingRequest>(`${SELECT} AND r.waits_for IS NOT NULL ORDER BY r.priority DESC, r.submitted_at, r.id LIMIT ${MOST}`)
    sendJson(request, response, { buildrequests: rows })
  })
  router.get('/:buildrequest', async (request, response) => {
    const id = Number(request.params.buildrequest)
    const { rows } = Number.isSafeInteger(id) ? await db.pool.query<WaitingRequest>(`${SELECT} AND r.id = $1`, [id]) : { rows: [] }
    if (!rows[0]) throw new YardError(404, `there is no pending build request ${request.params.buildrequest}`)
    sendJson(request, response, { buildrequest: rows[0] })
  })
  return router
}
