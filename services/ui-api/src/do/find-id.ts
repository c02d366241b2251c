import type { Transaction } from '@yardmaster/db'
import { raw, sql, toQuery, type Sql } from '../http/resources/sql.js'
import { notFound } from './control-error.js'

/** The id that the path speaks of. Throws ControlError (404) when there is nothing there. */
export async function findId(tx: Transaction, table: 'builds' | 'workers' | 'build_requests' | 'schedulers', id: Sql): Promise<number> {
  const { text, values } = toQuery(sql`SELECT id FROM ${raw(table)} WHERE id = ${id}`)
  const [row] = await tx.query<{ id: number }>(text, values)
  if (!row) throw notFound(`no such row in ${table.replace('_', ' ')}`)
  return row.id
}
