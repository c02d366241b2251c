import type { Database } from '../database.js'

/** A patch's text. Throws when there is no such patch. */
export async function readPatchBody(db: Database, id: number): Promise<string> {
  const { rows } = await db.pool.query<{ body: string }>('SELECT body FROM patches WHERE id = $1', [id])
  if (!rows[0]) throw new Error(`patch ${id} is not in the database`)
  return rows[0].body
}
