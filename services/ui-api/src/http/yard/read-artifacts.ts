import type { Database } from '@yardmaster/db'
import { artifactPath } from '@yardmaster/domain'
import type { Artifact } from '@yardmaster/rest'

const SELECT = `SELECT DISTINCT ON (a.name) a.id, a.build_id AS buildid, a.name, a.size, a.sha256, jsonb_build_object('number', a.step_number, 'name', s.name) AS step,
    extract(epoch FROM a.started_at)::float8 AS "uploadedAt", extract(epoch FROM a.expires_at)::float8 AS "expiresAt"
  FROM artifacts a JOIN steps s ON s.build_id = a.build_id AND s.number = a.step_number WHERE a.sha256 IS NOT NULL AND (a.expires_at IS NULL OR a.expires_at > now())`

/** Those of a build that are whole, by name; of several of one name the last. */
export async function readArtifacts(db: Database, { buildId, name = null, baseUrl }: { buildId: number; name?: string | null; baseUrl: string }): Promise<Artifact[]> {
  const { rows } = await db.pool.query<Omit<Artifact, 'url'>>(`${SELECT} AND a.build_id = $1 AND ($2::text IS NULL OR a.name = $2) ORDER BY a.name, a.id DESC`, [buildId, name])
  return rows.map(row => ({ ...row, url: `${baseUrl}${artifactPath(row.buildid, row.name)}` }))
}

/** Pieces are at most a few hundred KiB, so this is some MiB. */
const PIECES_AT_ONCE = 16

/** Bytes `from` to `to` (both included) of one that is whole. Throws when it is swept meanwhile: the reader must not take a part for the whole. */
export async function* readContent(db: Database, { id, from, to }: { id: number; from: number; to: number }): AsyncGenerator<Buffer> {
  for (let at = from; at <= to;) {
    const { rows } = await db.pool.query<{ at: number; content: Buffer }>(
      `SELECT at, content FROM artifact_chunks WHERE artifact_id = $1 AND at <= $3
         AND at >= coalesce((SELECT max(at) FROM artifact_chunks WHERE artifact_id = $1 AND at <= $2), 0) ORDER BY at LIMIT ${PIECES_AT_ONCE}`, [id, at, to])
    if (rows.length === 0) throw new Error(`artifact ${id} was removed while it was read`)
    for (const piece of rows) {
      const part = piece.content.subarray(Math.max(0, at - piece.at), to - piece.at + 1)
      if (piece.at > at || part.length === 0) throw new Error(`artifact ${id} has a hole at byte ${at}`)
      at += part.length
      yield part
    }
  }
}
