import type { Database } from '@yardmaster/db'
import type { BuildRuns } from '../build/build-runs.js'

/** Stops the builds of this engine that somebody asked to stop. */
export async function obeyControls(db: Database, runs: BuildRuns): Promise<void> {
  const { rows } = await db.pool.query<{ id: number; reason: string | null }>(
    'SELECT id, stop_reason AS reason FROM builds WHERE complete_at IS NULL AND stop_requested_at IS NOT NULL')
  for (const { id, reason } of rows) runs.byId(id)?.stop(reason ?? '')
}
