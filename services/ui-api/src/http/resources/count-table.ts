import type { Database } from '@yardmaster/db'

/** Rows with ids up to `upTo`, counted at `at` (the database's seconds). */
type Counted = { upTo: number; count: number; at: number }
type State = { counted: Promise<Counted>; renewing: boolean }

/** Ids so far below the newest belong to transactions that are over. */
const SETTLED = 1_000
/** Ids that are counted by one statement. */
const RANGE = 5_000_000
/** Newer rows are counted with each question until there are so many. */
const MOST_NEWER = 3_000
/** Then it is all counted again: rows may have been removed. */
const KEPT_SECONDS = 600

const states = new WeakMap<Database, Map<string, State>>()

/**
 * How many rows a table has that grows at its end, exactly: what is settled is counted once in ten minutes by each process, the rest each time.
 * Counting a million each time would take 60 ms.
 */
export async function countTable(db: Database, table: string): Promise<number> {
  const state = stateOf(db, table)
  const counted = await state.counted.catch((error: unknown) => { states.get(db)?.delete(table); throw error })
  const { rows } = await db.pool.query<{ newer: number; now: number }>(`SELECT count(*)::int AS newer, floor(extract(epoch FROM now()))::bigint AS now FROM ${table} WHERE id > $1`, [counted.upTo])
  const { newer = 0, now = 0 } = rows[0] ?? {}
  const isOld = now - counted.at > KEPT_SECONDS
  if ((isOld || newer > MOST_NEWER) && !state.renewing) renew(db, { table, state, from: isOld ? null : counted })
  return counted.count + newer
}

function stateOf(db: Database, table: string): State {
  const tables = states.get(db) ?? new Map<string, State>()
  states.set(db, tables)
  const state = tables.get(table) ?? { counted: count(db, table, null), renewing: false }
  tables.set(table, state)
  return state
}

/** Nobody waits for it; when it fails, the old one stays and is tried again. */
function renew(db: Database, { table, state, from }: { table: string; state: State; from: Counted | null }): void {
  state.renewing = true
  count(db, table, from).then(counted => { state.counted = Promise.resolve(counted) }, () => {}).finally(() => { state.renewing = false })
}

/** By ranges of ids: counting a hundred million in one statement would take longer than one may. */
async function count(db: Database, table: string, from: Counted | null): Promise<Counted> {
  const { rows: [edge] } = await db.pool.query<{ id: number; at: number }>(`SELECT greatest(coalesce(max(id), 0) - ${SETTLED}, $1) AS id, floor(extract(epoch FROM now()))::bigint AS at FROM ${table}`, [from?.upTo ?? 0])
  const { id: upTo, at } = edge!
  let total = from?.count ?? 0
  for (let after = from?.upTo ?? 0; after < upTo; after += RANGE) {
    const { rows: [part] } = await db.pool.query<{ count: number }>(`SELECT count(*) AS count FROM ${table} WHERE id > $1 AND id <= $2`, [after, Math.min(after + RANGE, upTo)])
    total += part!.count
  }
  return { upTo, count: total, at: from?.at ?? at }
}
