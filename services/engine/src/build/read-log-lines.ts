import { onceReachable, type Database } from '@yardmaster/db'
import type { Clock } from '@yardmaster/runtime'

const CHUNKS_AT_ONCE = 64
const MOST_LINES = 2 ** 31 - 1

/** Committed lines of a log, `lines` of them (null: all) from `first` on, chunk by chunk. A chunk never spans two commands, so none is cut. */
export async function* readLogLines({ db, clock }: { db: Database; clock: Clock }, logId: number, [first, lines]: readonly [first: number, lines: number | null]): AsyncGenerator<Buffer> {
  for (let from = first; ;) {
    const { rows } = await onceReachable(clock, () => db.pool.query<{ last_line: number; content: Buffer }>(
      'SELECT last_line, content FROM log_chunks WHERE log_id = $1 AND first_line >= $2 AND first_line < $3 ORDER BY first_line LIMIT $4', [logId, from, lines === null ? MOST_LINES : first + lines, CHUNKS_AT_ONCE]))
    for (const row of rows) yield row.content
    if (rows.length < CHUNKS_AT_ONCE) return
    from = rows.at(-1)!.last_line + 1
  }
}
