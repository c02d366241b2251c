import type { Database } from '@yardmaster/db'

const NEWLINE = 10
const CHUNKS_AT_ONCE = 8

/** The end of a log as people read it, of at most so many bytes; null: there is no such log. Whole lines, unless one alone is longer. */
export async function readLogEnd(db: Database, logId: number, mostBytes: number): Promise<string | null> {
  const { rows: [log] } = await db.pool.query<{ type: string }>('SELECT type FROM logs WHERE id = $1', [logId])
  if (!log) return null
  const chunks: Buffer[] = []
  let size = 0
  let before = 2 ** 31 - 1
  while (size <= mostBytes) {
    const { rows } = await db.pool.query<{ first_line: number; content: Buffer }>('SELECT first_line, content FROM log_chunks WHERE log_id = $1 AND first_line < $2 ORDER BY first_line DESC LIMIT $3', [logId, before, CHUNKS_AT_ONCE])
    for (const row of rows) { chunks.unshift(row.content); size += row.content.length }
    if (rows.length < CHUNKS_AT_ONCE) break
    before = rows.at(-1)!.first_line
  }
  const whole = Buffer.concat(chunks)
  const lineEnd = size <= mostBytes ? -1 : whole.indexOf(NEWLINE, size - mostBytes)
  const from = lineEnd === -1 || lineEnd + 1 === size ? Math.max(0, size - mostBytes) : lineEnd + 1
  const text = whole.subarray(from).toString('utf8')
  return log.type === 's' ? text.replaceAll(/^./gm, '') : text
}
