import type { Database } from '@yardmaster/db'

type Chunk = { first_line: number; last_line: number; content: Buffer }

const newline = 10
/** Chunks read at a time when a whole log is streamed. */
const chunksAtOnce = 16
/** No answer has more: whoever wants all of a large log streams it raw, or asks for the lines that follow. */
const mostBytes = 8 * 1024 * 1024

/**
 * Lines `first` to `last` (from 0, both included) of a log, as bytes, as far as they exist.
 * Ends early, after a whole chunk, at 8 MiB.
 */
export async function readLines(db: Database, logId: number, { first, last }: { first: number; last: number }): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const chunk of chunksFrom(db, logId, { first, last })) {
    const piece = slice(chunk, first, last)
    pieces.push(piece)
    bytes += piece.length
    if (bytes >= mostBytes) break
  }
  return Buffer.concat(pieces)
}

/** A whole log as people read it: of a stdio log, without the letter before each line that says which stream it is of. */
export async function* readWhole(db: Database, logId: number, { stdio }: { stdio: boolean }): AsyncGenerator<Buffer> {
  for await (const { content } of chunksFrom(db, logId, { first: 0, last: 2 ** 31 - 1 })) yield stdio ? withoutStreams(content) : content
}

async function* chunksFrom(db: Database, logId: number, { first, last }: { first: number; last: number }): AsyncGenerator<Chunk> {
  let from = first
  while (from <= last) {
    // The chunk that holds line `from` is the last one that begins at or before it: found by the key, however long the log is.
    const { rows } = await db.pool.query<Chunk>(
      `SELECT first_line, last_line, content FROM log_chunks
       WHERE log_id = $1 AND first_line <= $3 AND last_line >= $2
         AND first_line >= coalesce((SELECT max(first_line) FROM log_chunks WHERE log_id = $1 AND first_line <= $2), 0)
       ORDER BY first_line LIMIT $4`,
      [logId, from, last, chunksAtOnce])
    yield* rows
    const end = rows.at(-1)
    if (!end || rows.length < chunksAtOnce) return
    from = end.last_line + 1
  }
}

function slice({ first_line, last_line, content }: Chunk, first: number, last: number): Buffer {
  const start = first > first_line ? lineStart(content, first - first_line) : 0
  const end = last < last_line ? lineStart(content, last - first_line + 1) : content.length
  return content.subarray(start, end)
}

/** Where line `n` (from 0) of the chunk begins. */
function lineStart(content: Buffer, n: number): number {
  let at = 0
  for (let line = 0; line < n; line++) {
    const end = content.indexOf(newline, at)
    if (end < 0) return content.length
    at = end + 1
  }
  return at
}

function withoutStreams(content: Buffer): Buffer {
  const text = Buffer.allocUnsafe(content.length)
  let length = 0
  for (let at = 0; at < content.length;) {
    const found = content.indexOf(newline, at)
    const end = found < 0 ? content.length : found + 1
    length += content.copy(text, length, at + 1, end)
    at = end
  }
  return text.subarray(0, length)
}
