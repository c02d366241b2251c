import type pg from 'pg'

export type Statement = { text: string; values: unknown[] }

/** What a statement did with tables that grow without end, as PostgreSQL told. */
export type Work = {
  /** Tables that were read from the first row to the last. */
  scanned: string[]
  /** Rows that were looked at in them, those that a filter threw away too. */
  rowsRead: number
  /** The most rows of them that one sort was given. */
  rowsSorted: number
}

type Node = {
  'Node Type': string; 'Relation Name'?: string; 'Actual Rows': number; 'Actual Loops': number; 'Rows Removed by Filter'?: number; 'Rows Removed by Index Recheck'?: number; Plans?: Node[]
}

/** Of these an installation of years has as many rows as one likes. */
const withoutEnd = ['builds', 'build_requests', 'buildsets', 'buildset_sourcestamps', 'steps', 'logs', 'log_chunks', 'effects', 'changes', 'sourcestamps', 'patches', 'control_actions', 'notifications', 'notification_attempts', 'deliveries', 'instances']

/** Those of them that have enough rows here for the planner to take an index; a table of three pages is rightly scanned. */
export async function growingTables(pool: pg.Pool): Promise<Set<string>> {
  const { rows } = await pool.query<{ name: string }>(`SELECT relname AS name FROM pg_class WHERE relname = ANY($1) AND relkind = 'r' AND reltuples >= 1500`, [withoutEnd])
  return new Set(rows.map(row => row.name))
}

/** Runs `work` and answers what it asked through this pool, with its parameters. */
export async function statementsOf(pool: pg.Pool, work: () => Promise<void>): Promise<Statement[]> {
  const asked: Statement[] = []
  const note = (args: unknown[]) => {
    const [query, values] = args
    if (typeof query === 'string') asked.push({ text: query, values: Array.isArray(values) ? values : [] })
    else if (typeof query === 'object' && query !== null && 'text' in query) asked.push({ text: String(query.text), values: 'values' in query && Array.isArray(query.values) ? query.values : [] })
  }
  const original = pool.query
  // Its overloads are one function.
  Object.assign(pool, { query: (...args: unknown[]) => { note(args); return Reflect.apply(original, pool, args) } })
  try {
    await work()
  } finally {
    Object.assign(pool, { query: original })
  }
  return asked
}

/** Runs the statement again, under EXPLAIN (ANALYZE). */
export async function workOf(pool: pg.Pool, { text, values }: Statement, growing: ReadonlySet<string>): Promise<Work> {
  const { rows } = await pool.query<{ 'QUERY PLAN': { Plan: Node }[] }>(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values)
  const explained = rows[0]?.['QUERY PLAN'][0]
  if (!explained) throw new Error(`no plan of: ${text}`)
  const work: Work = { scanned: [], rowsRead: 0, rowsSorted: 0 }
  look(explained.Plan, work, growing)
  return { ...work, scanned: [...new Set(work.scanned)] }
}

function look(node: Node, work: Work, growing: ReadonlySet<string>): void {
  const of = node['Relation Name']
  const rows = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) * node['Actual Loops']
  if (of !== undefined && growing.has(of)) {
    work.rowsRead += rows
    if (node['Node Type'] === 'Seq Scan' && node['Actual Loops'] > 0) work.scanned.push(of)
  }
  // Joins throw rows away that were counted where they were read. What a sort was given is what its child answered.
  if (node['Node Type'] === 'Sort' && isOf(node, growing)) for (const child of node.Plans ?? []) work.rowsSorted = Math.max(work.rowsSorted, child['Actual Rows'])
  for (const child of node.Plans ?? []) look(child, work, growing)
}

/** Whether rows of such a table pass through it: what is configured may all be sorted. */
const isOf = (node: Node, growing: ReadonlySet<string>): boolean =>
  (node['Relation Name'] !== undefined && growing.has(node['Relation Name'])) || (node.Plans ?? []).some(child => isOf(child, growing))
