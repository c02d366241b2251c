import { onceReachable, type Database } from '@yardmaster/db'
import type { Clock } from '@yardmaster/runtime'

const CHUNKS_AT_ONCE = 64

/** The committed lines of a log from `firstLine` on, chunk by chunk. A chunk never spans two commands, so none is cut. */
export async function* readLogLines({ db, clock }: { db: Database; clock: Clock }, logId: number, firstLine: number): AsyncGenerator<Buffer> {
  for (let from = firstLine; ;) {
    const { rows } = await onceReachable(clock, () => db.pool.query<{ last_line: number; content: Buffer }>(
      'SELECT last_line, content FROM log_chunks WHERE log_id = $1 AND first_line >= $2 ORDER BY first_line LIMIT $3', [logId, from, CHUNKS_AT_ONCE]))
    for (const row of rows) yield row.content
    if (rows.length < CHUNKS_AT_ONCE) return
    from = rows.at(-1)!.last_line + 1
  }
}
