import type { Database } from '@yardmaster/db'
import { takesWorker, type EngineLimits, type Labels } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'

/** A living engine that does not drain, of the same configuration set. */
export type FellowEngine = { id: number; workerUrl: string | null; limits: EngineLimits | null }

export async function readFellowEngines(db: Database, set: string): Promise<FellowEngine[]> {
  const { rows } = await db.pool.query<FellowEngine>(
    `SELECT id, worker_url AS "workerUrl", limits FROM replicas WHERE role = 'engine' AND state = 'alive' AND drain_requested_at IS NULL AND $1 = ANY(sets) ORDER BY id`, [set])
  return rows
}

/** What the worker reports of itself, below what the configuration says. */
export function labelsOf(generation: LoadedGeneration, name: string, reported: Labels): Labels {
  return { ...reported, ...generation.configuration.workers.find(worker => worker.name === name)?.labels }
}

/** Those that can use the worker. */
export function takersOf(engines: readonly FellowEngine[], worker: { name: string; labels: Labels }, generation: LoadedGeneration): FellowEngine[] {
  return engines.filter(engine => takesWorker(engine.limits, worker, generation.configuration.builders))
}
