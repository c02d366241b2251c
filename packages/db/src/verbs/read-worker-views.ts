import type { Database } from '../database.js'
import type { MadeFor } from './read-fingerprints.js'
import { readSlots } from './read-machines.js'
import { machineFacts, unavailability, type Downtime, type PoolConfig, type WorkerView } from '@yardmaster/domain'

type Row = Omit<WorkerView, 'unavailable' | 'building'> & {
  id: number
  latent: boolean
  connected: boolean
  paused: boolean
  pauseReason: string | null
  graceful: boolean
  orphans: boolean
  quarantinedForMs: number | null
  downtime: Downtime[]
  building: { builder: string; name: string; units: number; request: number }[]
}

/** What is asked of workers: these (or all that there are), `connected` where the caller knows better than the rows. */
export type WorkersAsked = { ids: readonly number[] | null; connected?: (workerId: number) => boolean; now: number; /** Of the active configuration. */ pools: readonly PoolConfig[] }

export type RunningOn = { builder: string; request: number }
export type Workers = {
  views: WorkerView[]
  /** What runs on each, by its name. */
  running: Map<string, RunningOn[]>
  /** By worker, the machines that suit certain builds only. */
  machines: Map<string, MadeFor>
  /** Epoch ms of the first moment at which one of them becomes available by itself; null: none will. */
  availableAt: number | null
  /** Of each that will, by its name. */
  availableFrom: Map<string, number>
}

/** What each worker could take, by its rows: a build whose claim had no answer is there, though nobody drives it yet. */
export async function readWorkers(db: Database, { ids, connected, now, pools }: WorkersAsked): Promise<Workers> {
  const { rows } = await db.pool.query<Row>(
    `SELECT w.id, w.name, w.paused, w.pause_reason AS "pauseReason", w.graceful, w.pool_id IS NOT NULL AS latent, w.downtime, w.capacity,
       least(w.max_builds, s.builds_left + (SELECT count(*) FROM builds b WHERE b.worker_id = w.id AND b.complete_at IS NULL))::int AS "maxBuilds", w.reported_labels || w.labels AS labels,
       s.connected, cardinality(s.orphans) > 0 AS orphans, (extract(epoch FROM w.quarantined_until - now()) * 1000)::float AS "quarantinedForMs",
       coalesce((SELECT jsonb_agg(jsonb_build_object('builder', u.key, 'name', u.name, 'units', u.units, 'request', b.build_request_id))
         FROM builds b JOIN builders u ON u.id = b.builder_id WHERE b.worker_id = w.id AND b.complete_at IS NULL), '[]') AS building
     FROM workers w JOIN worker_sessions s ON s.worker_id = w.id WHERE w.active AND ($1::bigint[] IS NULL OR w.id = ANY($1)) ORDER BY w.id`, [ids])
  const slots = new Map((rows.some(row => row.latent) ? await readSlots(db, ids) : []).map(slot => [slot.workerId, slot]))
  const found: Workers = { views: [], running: new Map(), machines: new Map(), availableAt: null, availableFrom: new Map() }
  for (const row of rows) {
    const { name, labels, maxBuilds, capacity, building, quarantinedForMs } = row
    const slot = slots.get(row.id)
    const machine = slot && machineFacts(slot.machine, pools.find(config => config.name === slot.pool))
    const away = unavailability({
      ...row, machine, connected: connected ? connected(row.id) : row.connected,
      quarantinedUntil: quarantinedForMs === null ? null : now + quarantinedForMs,
    }, now)
    if (away?.until != null) {
      found.availableAt = Math.min(found.availableAt ?? Infinity, away.until)
      found.availableFrom.set(name, away.until)
    }
    if (slot?.machine?.fingerprint != null) found.machines.set(name, { poolId: slot.poolId, fingerprint: slot.machine.fingerprint })
    found.views.push({ name, labels, maxBuilds, capacity, unavailable: away?.why ?? null, building, ...(machine ? { machine: { ...machine, pool: slot.pool } } : {}) })
    found.running.set(name, building.map(build => ({ builder: build.name, request: build.request })))
  }
  return found
}
