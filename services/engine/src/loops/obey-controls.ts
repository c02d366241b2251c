import { transaction, type Database, type Fence } from '@yardmaster/db'
import { condemnInstance } from '@yardmaster/db/verbs/condemn-instance'
import { stopWorker } from '@yardmaster/db/verbs/pause-worker'
import type { BuildRuns } from '../build/build-runs.js'
import type { WorkerPool } from '../workers/worker-pool.js'

export type ControlsDeps = { db: Database; fence: Fence; runs: BuildRuns; pool: WorkerPool }

/** Does what somebody asked of this engine's builds and workers. */
export async function obeyControls({ db, fence, runs, pool }: ControlsDeps): Promise<void> {
  await stopBuilds(db, runs)
  await pool.answerContests()
  await killWorkers(db, pool)
  await writeWishes(db, fence, pool)
  await letIdleWorkersGo({ db, fence, pool })
}

async function stopBuilds(db: Database, runs: BuildRuns): Promise<void> {
  const { rows } = await db.pool.query<{ id: number; reason: string | null; times: number }>(
    'SELECT id, stop_reason AS reason, stop_requests AS times FROM builds WHERE complete_at IS NULL AND stop_requested_at IS NOT NULL')
  for (const { id, reason, times } of rows) runs.byId(id)?.stop(reason ?? '', times)
}

/** Their sessions and builds are over already: what is left is to tell them. */
async function killWorkers(db: Database, pool: WorkerPool): Promise<void> {
  const connected = pool.sessions().filter(session => session.link !== null)
  const { rows } = await db.pool.query<{ id: number }>('SELECT id FROM workers WHERE id = ANY($1) AND kill_requested_at IS NOT NULL', [connected.map(session => session.workerId)])
  const killed = new Set(rows.map(row => row.id))
  for (const session of connected.filter(({ workerId }) => killed.has(workerId))) {
    session.link?.send({ type: 'shutdown', why: 'it was killed by a control action', now: true })
    pool.drop(session, 'it was killed')
  }
}

/** Workers say once per connection that they want to leave: it is tried until it is written. */
async function writeWishes(db: Database, fence: Fence, pool: WorkerPool): Promise<void> {
  for (const session of pool.sessions().filter(({ leaving }) => leaving === 'wished')) {
    await transaction(db, fence, tx => stopWorker(tx, { workerId: session.workerId }))
    session.leaving = 'written'
  }
}

/** Workers that are to go are told so once nothing runs on them; told again at the next sweep as long as they stay. */
async function letIdleWorkersGo({ db, fence, pool }: Omit<ControlsDeps, 'runs'>): Promise<void> {
  const connected = pool.sessions().filter(session => session.link !== null)
  const { rows } = await db.pool.query<{ id: number }>(
    `SELECT w.id FROM workers w JOIN worker_sessions s ON s.worker_id = w.id
     WHERE w.id = ANY($1) AND (w.graceful OR s.builds_left = 0) AND NOT EXISTS (SELECT 1 FROM builds b WHERE b.worker_id = w.id AND b.complete_at IS NULL)`,
    [connected.map(session => session.workerId)])
  const idle = new Set(rows.map(row => row.id))
  for (const session of connected.filter(({ workerId }) => idle.has(workerId))) {
    const why = session.once ? 'it has built once' : 'it was asked to stop'
    // A latent worker's machine goes with it.
    if (session.instanceId === null) session.tellToGo(why)
    else await transaction(db, fence, tx => condemnInstance(tx, { instanceId: session.instanceId!, reason: why, building: 'leave' }))
  }
}
