import type { Database } from '@yardmaster/db'
import { join, raw, sql, toQuery, type Sql } from '../resources/sql.js'

/** How many rows one page looks at: more of them would be felt. */
const MOST_LOOKED_AT = 5_000

export type Windowed = {
  table: 'builds' | 'build_requests' | 'changes'
  /** When a row came about: it rises with ids, but for transactions beside each other. */
  moment: string
  /** Of `x`, and served by an index whose last column is the id. */
  driven: readonly Sql[]
  /** Of `x`, looked at row by row. */
  filters: readonly Sql[]
  from?: number
  to?: number
  before?: number
  limit?: number
}

/** Ids of a page, the newest first, and where the next one begins. However rare what is looked for, it costs no more than so many rows. */
export async function pageOfIds(db: Database, { table, moment, driven, filters, from, to, before, limit = 100 }: Windowed): Promise<{ ids: number[]; next: number | null }> {
  const [first, beyond] = await Promise.all([from === undefined ? null : idAt(db, { table, moment, seconds: from - SLACK }), to === undefined ? null : idAt(db, { table, moment, seconds: to + SLACK })])
  const upper = Math.min(before ?? Infinity, beyond ?? Infinity)
  const scope = [...driven, ...(first === null ? [] : [sql`x.id >= ${first}`]), ...(Number.isFinite(upper) ? [sql`x.id < ${upper}`] : [])]
  const exact = [...filters, ...(from === undefined ? [] : [sql`${raw(`x.${moment}`)} >= to_timestamp(${from})`]), ...(to === undefined ? [] : [sql`${raw(`x.${moment}`)} < to_timestamp(${to})`])]
  const looked = sql`SELECT x.* FROM ${raw(table)} x ${where(scope)} ORDER BY x.id DESC LIMIT ${raw(String(MOST_LOOKED_AT))}`
  const { rows } = await db.pool.query<{ id: number }>(toQuery(sql`SELECT x.id FROM (${looked}) x ${where(exact)} ORDER BY x.id DESC LIMIT ${limit + 1}`))
  const ids = rows.map(({ id }) => id)
  if (ids.length > limit) return { ids: ids.slice(0, limit), next: ids[limit - 1] ?? null }
  const { rows: [last, further] } = await db.pool.query<{ id: number }>(toQuery(sql`SELECT x.id FROM ${raw(table)} x ${where(scope)} ORDER BY x.id DESC OFFSET ${raw(String(MOST_LOOKED_AT - 1))} LIMIT 2`))
  return { ids, next: last && further ? last.id : null }
}

const where = (conditions: readonly Sql[]): Sql => (conditions.length === 0 ? raw('') : sql`WHERE ${join(conditions, ' AND ')}`)

/** Transactions that began so much apart may have got their ids the other way round. */
const SLACK = 300

/** The first id of that moment or later, found by halving, in as many steps as the number has bits; beyond the last one when there is none. */
async function idAt(db: Database, { table, moment, seconds }: Pick<Windowed, 'table' | 'moment'> & { seconds: number }): Promise<number> {
  const { rows } = await db.pool.query<{ id: number }>(
    `WITH RECURSIVE halved(low, high) AS (
       SELECT (SELECT coalesce(min(id), 1) FROM ${table}), (SELECT coalesce(max(id), 0) + 1 FROM ${table})
       UNION ALL SELECT CASE WHEN found.at < to_timestamp($1) THEN found.id + 1 ELSE low END, CASE WHEN found.at < to_timestamp($1) THEN high ELSE (low + high) / 2 END
       FROM halved CROSS JOIN LATERAL (SELECT t.id, t.${moment} AS at FROM ${table} t WHERE t.id >= (low + high) / 2 ORDER BY t.id LIMIT 1) found WHERE low < high)
     SELECT low::float8 AS id FROM halved ORDER BY high - low LIMIT 1`, [seconds])
  return rows[0]?.id ?? 1
}
