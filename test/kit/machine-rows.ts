import type { PoolConfig, ProviderConfig } from '@yardmaster/domain'
import { poolDefaults } from '@yardmaster/domain'
import { aWorker, type Installation } from './installation.js'

/** A pool of so many machines, and its workers. */
export function aPool(name: string, more: Partial<PoolConfig> = {}) {
  const max = more.max ?? 1
  const workers = Array.from({ length: max }, (_, index) => (max === 1 ? name : `${name}-${index + 1}`))
  const provider: ProviderConfig = { kind: 'process', account: {}, machine: {} }
  return { pool: { ...poolDefaults, name, workers, provider, ...more }, workers: workers.map(worker => aWorker(worker, { pool: name, password: null })) }
}

/** A row of the ledger; columns by their names. Times are `now() - interval`s. */
export async function anInstance(api: Pick<Installation, 'db' | 'generationId'>, worker: string, columns: { [column: string]: unknown } = {}, ages: { [column: string]: string } = {}): Promise<number> {
  const given = { ...columns, provider: columns['provider'] ?? 'process', generation_id: api.generationId, reason: columns['reason'] ?? 'a build waits for it', holds_slot: columns['holds_slot'] ?? ages['gone_at'] === undefined }
  const names = Object.keys(given)
  const { rows: [row] } = await api.db.pool.query<{ id: number }>(
    `INSERT INTO instances (pool_id, worker_id, attempt${[...names, ...Object.keys(ages)].map(name => `, ${name}`).join('')})
     SELECT w.pool_id, w.id, coalesce((SELECT max(attempt) FROM instances i WHERE i.worker_id = w.id), 0) + 1${names.map((_, index) => `, $${index + 2}`).join('')}${Object.values(ages).map(age => `, now() - interval '${age}'`).join('')}
     FROM workers w WHERE w.name = $1 RETURNING id`, [worker, ...Object.values(given)])
  if (!row) throw new Error(`no worker ${worker}`)
  return row.id
}
