import type { Database } from '@yardmaster/db'
import type { Json } from '@yardmaster/domain'
import type { Delivery, DeliveryDetails, DeliveryFilter } from '@yardmaster/rest'
import { join, raw, sql, toQuery, type Sql } from '../resources/sql.js'

const seconds = (expression: string) => `extract(epoch FROM ${expression})::float8`

const SELECT = `SELECT d.id, d.source AS hook, d.key, d.event, d.repository, ${seconds('d.received_at')} AS "receivedAt", d.state, d.attempts,
    CASE WHEN d.state = 'pending' THEN ${seconds('d.next_at')} END AS "nextAt", ${seconds('d.done_at')} AS "doneAt", d.note, d.error, d.set_name AS set,
    ARRAY(SELECT c.id FROM changes c WHERE c.delivery_id = d.id ORDER BY c.id) AS changes
  FROM deliveries d`

/** The newest first; `next`: the filter's `before` for those that follow, null: there are none. */
export async function readDeliveries(db: Database, { hook, event, repository, state = [], before, limit = 100 }: DeliveryFilter): Promise<{ deliveries: Delivery[]; next: number | null }> {
  const scope: Sql[] = [
    ...(hook === undefined ? [] : [sql`d.source = ${hook}`]),
    ...(event === undefined ? [] : [sql`d.event = ${event}`]),
    ...(repository === undefined ? [] : [sql`d.repository = ${repository}`]),
    ...(state.length === 0 ? [] : [sql`d.state = ANY(${state}::text[])`]),
    ...(before === undefined ? [] : [sql`d.id < ${before}`]),
  ]
  const where = scope.length > 0 ? sql`WHERE ${join(scope, ' AND ')}` : raw('')
  const { rows } = await db.pool.query<Delivery>(toQuery(sql`${raw(SELECT)} ${where} ORDER BY d.id DESC LIMIT ${limit + 1}`))
  const deliveries = rows.slice(0, limit).map(present)
  return { deliveries, next: rows.length > limit ? deliveries.at(-1)?.id ?? null : null }
}

export async function readDeliveriesById(db: Database, ids: readonly number[]): Promise<Delivery[]> {
  const { rows } = await db.pool.query<Delivery>(`${SELECT} WHERE d.id = ANY($1::bigint[])`, [ids])
  return rows.map(present)
}

/** One with what was sent. */
export async function readDeliveryDetails(db: Database, id: number): Promise<DeliveryDetails | null> {
  const [delivery] = await readDeliveriesById(db, [id])
  const { rows: [row] } = await db.pool.query<{ payload: string | null }>('SELECT payload FROM deliveries WHERE id = $1', [id])
  return delivery && row ? { ...delivery, payload: row.payload === null ? null : JSON.parse(row.payload) as Json } : null
}

const present = (row: Delivery): Delivery => ({ ...row, changes: row.changes.map(Number) })
