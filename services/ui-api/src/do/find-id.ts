import type { Transaction } from '@yardmaster/db'
import { raw, sql, toQuery, type Sql } from '../http/resources/sql.js'
import { notFound } from './control-error.js'

/** The tables whose rows can be controlled. */
export type Thing = 'builds' | 'workers' | 'build_requests' | 'schedulers'

/** The id that the path speaks of. Throws ControlError (404) when there is nothing there. */
export async function findId(tx: Transaction, thing: Thing, { id, path }: { id: Sql; path: string }): Promise<number> {
  const { text, values } = toQuery(sql`SELECT id FROM ${raw(thing)} WHERE id = ${id}`)
  const [row] = await tx.query<{ id: number }>(text, values)
  if (!row) throw notFound(`${path} is none of the ${thing.replace('_', ' ')}`)
  return row.id
}
