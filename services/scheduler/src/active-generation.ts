import type { BasicScheduler, CallFunction, Configuration } from '@yardmaster/domain'
import type { Database } from '@yardmaster/db'
import type { AskedScheduler } from './do/plan-dispatch.js'

/** The generation under which this service decides. */
export type ActiveGeneration = { id: number; configuration: Configuration; call: CallFunction }

/** The generation's schedulers that are asked about changes: those that nobody has disabled. */
export async function enabledSchedulers(db: Database, { schedulers }: Configuration): Promise<AskedScheduler[]> {
  const asked = schedulers.filter((scheduler): scheduler is BasicScheduler => scheduler.kind === 'singleBranch' || scheduler.kind === 'anyBranch')
  const { rows } = await db.pool.query<{ id: number; name: string }>(
    'SELECT id, name FROM schedulers WHERE active AND enabled AND name = ANY($1)', [asked.map(scheduler => scheduler.name)])
  const ids = new Map(rows.map(row => [row.name, row.id]))
  return asked.flatMap(scheduler => {
    const id = ids.get(scheduler.name)
    return id === undefined ? [] : [{ ...scheduler, id }]
  })
}
