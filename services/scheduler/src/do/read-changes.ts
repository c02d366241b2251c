import type { Database } from '@yardmaster/db'
import type { Properties } from '@yardmaster/domain'
import type { StoredChange } from './plan-buildset.js'

type ChangeRow = Omit<StoredChange, 'when' | 'properties'> & { when_at: Date; properties: Properties }

const SELECT = `SELECT id, author, committer, comments, files, revision, revlink, when_at, project, codebase, repository, category, branch, properties FROM changes`

/** The changes that no scheduler has been asked about, in the order in which they came, without those of `except`. */
export async function readUndispatched(db: Database, { except, limit }: { except: Iterable<number>; limit: number }): Promise<StoredChange[]> {
  const { rows } = await db.pool.query<ChangeRow>(`${SELECT} WHERE dispatched_at IS NULL AND NOT id = ANY($1) ORDER BY id LIMIT $2`, [[...except], limit])
  return rows.map(fromRow)
}

export async function readChanges(db: Database, ids: number[]): Promise<StoredChange[]> {
  const { rows } = await db.pool.query<ChangeRow>(`${SELECT} WHERE id = ANY($1) ORDER BY id`, [ids])
  return rows.map(fromRow)
}

function fromRow({ when_at, ...row }: ChangeRow): StoredChange {
  return { ...row, when: when_at.getTime() / 1000 }
}
