import type { Database } from '@yardmaster/db'
import type { InstallationCounts } from '@yardmaster/rest'

/** By the partial indexes of what is not over, however much is. */
export async function readCounts(db: Database): Promise<InstallationCounts> {
  const { rows: [counts] } = await db.pool.query<InstallationCounts>(
    `SELECT (SELECT count(*) FROM builds WHERE complete_at IS NULL)::integer AS running, (SELECT count(*) FROM build_requests WHERE state = 'pending')::integer AS waiting`)
  return counts ?? { running: 0, waiting: 0 }
}
