import type { CallFunction, Configuration, FunctionRef, Json, SchedulerConfig } from '@yardmaster/domain'
import type { Database } from '@yardmaster/db'

/** The generation under which this service decides. */
export type ActiveGeneration = {
  id: number
  configuration: Configuration
  call: CallFunction
  /** For functions that may ask the outside world. */
  callPatiently(fn: FunctionRef, args: Json[], signal: AbortSignal): Promise<Json>
}

/** Those that act by themselves: all but what people force and steps trigger. */
export type ActingScheduler = Exclude<SchedulerConfig, { kind: 'force' | 'triggerable' }>
/** A scheduler with the id of its row. */
export type AskedScheduler<S extends ActingScheduler = ActingScheduler> = S & { id: number; enabled: boolean }

/** The generation's schedulers that act by themselves, in the configuration's order. */
export async function actingSchedulers(db: Database, { schedulers }: Configuration): Promise<AskedScheduler[]> {
  const acting = schedulers.filter((scheduler): scheduler is ActingScheduler => scheduler.kind !== 'force' && scheduler.kind !== 'triggerable')
  if (acting.length === 0) return []
  const { rows } = await db.pool.query<{ id: number; name: string; enabled: boolean }>(
    'SELECT id, name, enabled FROM schedulers WHERE active AND name = ANY($1)', [acting.map(scheduler => scheduler.name)])
  const known = new Map(rows.map(row => [row.name, row]))
  return acting.flatMap(scheduler => {
    const row = known.get(scheduler.name)
    return row === undefined ? [] : [{ ...scheduler, id: row.id, enabled: row.enabled }]
  })
}

export const enabledSchedulers = async (db: Database, configuration: Configuration): Promise<AskedScheduler[]> =>
  (await actingSchedulers(db, configuration)).filter(scheduler => scheduler.enabled)
