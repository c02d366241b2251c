import type { Database } from '@yardmaster/db'
import type { Properties, StoredChange } from '@yardmaster/domain'

type ChangeRow = Omit<StoredChange, 'when' | 'properties'> & { when_at: Date; properties: Properties }

const SELECT = `SELECT id, author, committer, comments, files, revision, revlink, when_at, project, codebase, repository, category, branch, properties FROM changes`

/** The changes about which the schedulers of the generation's set have not been asked, in the order in which they came, without those of `except`. */
export async function readUndispatched(db: Database, { generationId, except, limit }: { generationId: number; except: Iterable<number>; limit: number }): Promise<StoredChange[]> {
  const { rows } = await db.pool.query<ChangeRow>(`${SELECT}
     WHERE id IN (SELECT p.change_id FROM pending_dispatches p JOIN configuration_sets s ON s.name = p.set_name
       WHERE s.active_generation_id = $3 AND NOT p.change_id = ANY($1) ORDER BY p.change_id LIMIT $2) ORDER BY id`, [[...except], limit, generationId])
  return rows.map(fromRow)
}

export async function readChanges(db: Database, ids: number[]): Promise<StoredChange[]> {
  const { rows } = await db.pool.query<ChangeRow>(`${SELECT} WHERE id = ANY($1) ORDER BY id`, [ids])
  return rows.map(fromRow)
}

/** The newest of them: a place without a revision has ever more. */
const MOST_OF_STAMPS = 100

export async function readChangesOf(db: Database, sourcestampIds: number[]): Promise<StoredChange[]> {
  const { rows } = await db.pool.query<ChangeRow>(`${SELECT} WHERE sourcestamp_id = ANY($1) ORDER BY id DESC LIMIT ${MOST_OF_STAMPS}`, [sourcestampIds])
  return rows.reverse().map(fromRow)
}

function fromRow({ when_at, ...row }: ChangeRow): StoredChange {
  return { ...row, when: when_at.getTime() / 1000 }
}
