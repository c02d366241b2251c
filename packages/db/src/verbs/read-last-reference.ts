import type { Database } from '../database.js'
import type { Attempt } from './begin-attempt.js'

/** What the other side called the newest message of the same reporter, target and subject that it took; null: there is none. */
export async function readLastReference({ pool }: Database, { id, reporter, setName, subject, target }: Attempt): Promise<string | null> {
  const { rows: [row] } = await pool.query<{ reference: string }>(
    `SELECT reference FROM notifications WHERE target = $1 AND subject = $2 AND set_name = $3 AND reporter = $4 AND id < $5 AND reference IS NOT NULL ORDER BY id DESC LIMIT 1`, [target, subject, setName, reporter, id])
  return row?.reference ?? null
}
