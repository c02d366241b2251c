import type { Database, Transaction } from '@yardmaster/db'
import { cancelDrain, requestDrain } from '@yardmaster/db/verbs/request-drain'
import { drainRequest, type Replica } from '@yardmaster/rest'
import { Router, type Request } from 'express'
import { z } from 'zod'
import type { Deps } from '../../deps.js'
import { sendJson } from '../json.js'
import { act } from './act.js'
import { YardError } from './yard-error.js'

const MOST_ENDED = 200

const seconds = (column: string) => `extract(epoch FROM ${column})::float8`
const SELECT = `
  SELECT m.id, m.role, m.name, m.host, m.pid, m.state, m.software_version AS version, m.sets, m.limits, m.worker_url AS "workerUrl",
    ${seconds('m.started_at')} AS "startedAt", ${seconds('m.seen_at')} AS "seenAt", ${seconds('m.stopped_at')} AS "stoppedAt",
    (SELECT count(*)::int FROM worker_sessions s WHERE s.replica_id = m.id AND s.connected) AS workers,
    (SELECT count(*)::int FROM builds b JOIN worker_sessions s ON s.worker_id = b.worker_id WHERE s.replica_id = m.id AND b.complete_at IS NULL) AS builds,
    CASE WHEN m.drain_requested_at IS NOT NULL THEN jsonb_build_object('since', ${seconds('m.drain_requested_at')}, 'deadline', ${seconds('m.drain_deadline')}, 'actor', m.drain_actor) END AS draining
  FROM replicas m`

/** Every process of every role; engines can be drained. */
export function replicaRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  router.get('/', async (request, response) => {
    const { all } = listQuery.parse(Object.fromEntries(new URL(request.originalUrl, 'http://localhost').searchParams))
    const { rows } = await db.pool.query<Replica>(`${SELECT} WHERE m.state = 'alive' ORDER BY m.id`)
    const ended = all === 'true' ? (await db.pool.query<Replica>(`${SELECT} WHERE m.state <> 'alive' ORDER BY m.id DESC LIMIT $1`, [MOST_ENDED])).rows : []
    sendJson(request, response, { replicas: [...rows, ...ended] })
  })
  router.get('/:id', async (request, response) => sendJson(request, response, { replica: await one(db, idIn(request)) }))
  const control = (action: 'drain' | 'cancelDrain', work: (tx: Transaction, replica: Replica, given: { body: unknown; actor: string }) => Promise<boolean>) => async (request: Request) => {
    const replica = await one(db, idIn(request))
    if (replica.role !== 'engine') throw new YardError(409, `replica ${replica.id} is a ${replica.role}: only engines drain, the others are simply stopped`)
    const parameters = z.record(z.string(), z.json()).parse(request.body ?? {})
    const done = await act(deps, request, { action, thing: 'replicas', id: replica.id, parameters }, (tx, actor) => work(tx, replica, { body: parameters, actor }))
    if (!done) throw new YardError(409, refusalOf(action, await one(db, replica.id)))
    return { replica: await one(db, replica.id) }
  }
  const drain = control('drain', (tx, { id }, { body, actor }) => requestDrain(tx, { replicaId: id, actor, deadlineSeconds: drainRequest.parse(body).deadline ?? null }))
  const cancel = control('cancelDrain', (tx, { id }) => cancelDrain(tx, { replicaId: id }))
  router.post('/:id/drain', async (request, response) => sendJson(request, response.status(202), await drain(request)))
  router.delete('/:id/drain', async (request, response) => sendJson(request, response, await cancel(request)))
  return router
}

const listQuery = z.strictObject({ all: z.enum(['true', 'false']).optional() })

function refusalOf(action: 'drain' | 'cancelDrain', { id, state, draining }: Replica): string {
  if (state !== 'alive') return `engine ${id} has ended already (${state})`
  if (action === 'drain') return `engine ${id} cannot drain now`
  return draining === null ? `engine ${id} does not drain` : `engine ${id} is ending already: that cannot be undone`
}

function idIn({ params }: Request): number {
  const id = z.string().regex(/^\d{1,15}$/).safeParse(params['id'])
  if (!id.success) throw new YardError(404, 'not found: a replica is named by its number')
  return Number(id.data)
}

async function one(db: Database, id: number): Promise<Replica> {
  const { rows } = await db.pool.query<Replica>(`${SELECT} WHERE m.id = $1`, [id])
  if (!rows[0]) throw new YardError(404, `not found: there is no replica ${id}`)
  return rows[0]
}
