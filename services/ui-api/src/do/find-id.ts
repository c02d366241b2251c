import type { Database } from '@yardmaster/db'
import type { Thing } from '../access/access.js'
import { raw, sql, toQuery, type Sql } from '../http/resources/sql.js'
import { notFound } from './control-error.js'

/** The id that the path speaks of. Throws ControlError (404) when there is nothing there. */
export async function findId({ pool }: Pick<Database, 'pool'>, thing: Thing, { id, path }: { id: Sql; path: string }): Promise<number> {
  const { rows: [row] } = await pool.query<{ id: number }>(toQuery(sql`SELECT id FROM ${raw(thing)} WHERE id = ${id}`))
  if (!row) throw notFound(`${path} is none of the ${thing.replace('_', ' ')}`)
  return row.id
}
