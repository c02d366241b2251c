import type { Database, Transaction } from '@yardmaster/db'
import { cancelDrain, requestDrain } from '@yardmaster/db/verbs/request-drain'
import { routes, type Replica } from '@yardmaster/rest'
import type { Json } from '@yardmaster/domain'
import { Router, type Request } from 'express'
import type { Deps } from '../../deps.js'
import { act } from './act.js'
import { serve } from './serve.js'
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
  serve(router, deps, routes.replicas.list, async ({ query: { all = false } }) => {
    const { rows } = await db.pool.query<Replica>(`${SELECT} WHERE m.state = 'alive' ORDER BY m.id`)
    const ended = all ? (await db.pool.query<Replica>(`${SELECT} WHERE m.state <> 'alive' ORDER BY m.id DESC LIMIT $1`, [MOST_ENDED])).rows : []
    return { replicas: [...rows, ...ended] }
  })
  serve(router, deps, routes.replicas.one, async ({ params }) => ({ replica: await one(db, params.replica) }))
  const control = async (request: Request, { id, action, parameters }: { id: number; action: 'drain' | 'cancelDrain'; parameters: { [name: string]: Json } }, work: (tx: Transaction, actor: string) => Promise<boolean>) => {
    const replica = await one(db, id)
    if (replica.role !== 'engine') throw new YardError(409, `replica ${replica.id} is a ${replica.role}: only engines drain, the others are simply stopped`)
    const done = await act(deps, request, { action, thing: 'replicas', id: replica.id, parameters }, work)
    if (!done) throw new YardError(409, refusalOf(action, await one(db, replica.id)))
    return { replica: await one(db, replica.id) }
  }
  serve(router, deps, routes.replicas.drain, ({ params: { replica: id }, body: { deadline }, request }) =>
    control(request, { id, action: 'drain', parameters: deadline === undefined ? {} : { deadline } }, (tx, actor) => requestDrain(tx, { replicaId: id, actor, deadlineSeconds: deadline ?? null })))
  serve(router, deps, routes.replicas.cancelDrain, ({ params: { replica: id }, request }) => control(request, { id, action: 'cancelDrain', parameters: {} }, tx => cancelDrain(tx, { replicaId: id })))
  return router
}

function refusalOf(action: 'drain' | 'cancelDrain', { id, state, draining }: Replica): string {
  if (state !== 'alive') return `engine ${id} has ended already (${state})`
  if (action === 'drain') return `engine ${id} cannot drain now`
  return draining === null ? `engine ${id} does not drain` : `engine ${id} is ending already: that cannot be undone`
}

async function one(db: Database, id: number): Promise<Replica> {
  const { rows } = await db.pool.query<Replica>(`${SELECT} WHERE m.id = $1`, [id])
  if (!rows[0]) throw new YardError(404, `not found: there is no replica ${id}`)
  return rows[0]
}
