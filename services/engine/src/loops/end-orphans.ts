import { transaction, type Database, type Fence } from '@yardmaster/db'
import { clearOrphans } from '@yardmaster/db/verbs/clear-orphans'
import type { Logger } from '@yardmaster/runtime'
import type { WorkerPool } from '../workers/worker-pool.js'
import type { WorkerSession } from '../workers/worker-session.js'

export type EndOrphansDeps = { db: Database; fence: Fence; pool: WorkerPool; logger: Logger; onCleared(): void }

/** Commands that were given up while their stock worker stayed connected: until they are ended it is given nothing. One that cannot end them is let go, and tried again when it is back. */
export async function endOrphans(deps: EndOrphansDeps): Promise<void> {
  const sessions = new Map(deps.pool.sessions().filter(session => !session.resumes && session.link !== null && session.opening === null).map(session => [session.workerId, session]))
  if (sessions.size === 0) return
  const { rows } = await deps.db.pool.query<{ worker_id: number; number: number; orphans: string[] }>(
    `SELECT worker_id, number, orphans FROM worker_sessions WHERE worker_id = ANY($1) AND orphans <> '{}'`, [[...sessions.keys()]])
  await Promise.all(rows.map(async ({ worker_id, number, orphans }) => {
    const session = sessions.get(worker_id)!
    if (session.number === number) await endOrphansOf(deps, session, orphans)
  }))
}

async function endOrphansOf({ db, fence, logger, onCleared }: EndOrphansDeps, session: WorkerSession, orphans: string[]): Promise<void> {
  const { link, workerId, number } = session
  if (!link) return
  logger.info({ worker: session.name, orphans }, 'ending what may still run of builds that are over')
  try {
    await link.endOrphans(orphans)
    await transaction(db, fence, tx => clearOrphans(tx, { workerId, number, commands: orphans }))
    onCleared()
  } catch (error) {
    logger.warn({ err: error, worker: session.name }, 'what is left of earlier builds could not be ended')
    link.send({ type: 'print', message: `let go, as what is left of earlier builds could not be ended: ${error instanceof Error ? error.message : String(error)}` })
    link.close(1013, 'what is left of earlier builds could not be ended')
  }
}
