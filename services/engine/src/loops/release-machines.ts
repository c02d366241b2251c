import type { Database } from '@yardmaster/db'
import type { Generations } from '@yardmaster/replica'
import type { Logger } from '@yardmaster/runtime'
import type { WorkerPool } from '../workers/worker-pool.js'
import type { WorkerSession } from '../workers/worker-session.js'

export type ReleaseDeps = { db: Database; generations: Generations; pool: WorkerPool; logger: Logger }

const NOT_WANTED = 'its machine is not wanted any more'
const NO_MACHINE = 'it is a latent worker by now, and runs on none of its machines'

/**
 * Workers whose machines are not wanted any more go at once: whoever condemned the machine has ended their sessions, and made sure that nothing runs there. A worker
 * that connected by itself and has become a latent one is let go once it is idle.
 */
export async function releaseMachines({ db, generations, pool, logger }: ReleaseDeps): Promise<void> {
  const latent = new Set(generations.active()?.configuration.workers.filter(worker => worker.pool !== null).map(worker => worker.name))
  const sessions = pool.sessions().filter(session => session.opening === null && (session.instanceId !== null || latent.has(session.name)))
  if (sessions.length === 0) return
  const strays = sessions.filter(session => session.instanceId === null)
  const { rows } = await db.pool.query<{ id: number }>(
    `SELECT id FROM instances WHERE id = ANY($1) AND desired = 'running'`, [sessions.flatMap(session => session.instanceId ?? [])])
  const wanted = new Set(rows.map(row => row.id))
  for (const session of sessions) if (session.instanceId !== null && !wanted.has(session.instanceId)) release(session, pool, logger)
  if (strays.length > 0) await pool.letGo(strays, NO_MACHINE, { onlyIdle: true })
}

function release(session: WorkerSession, pool: WorkerPool, logger: Logger): void {
  logger.info({ worker: session.name, instance: session.instanceId }, 'a worker goes: its machine is not wanted any more')
  session.toldToGo = true
  session.link?.send({ type: 'shutdown', why: NOT_WANTED, now: true })
  pool.drop(session, NOT_WANTED)
}
