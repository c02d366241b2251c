import type { Database } from '@yardmaster/db'
import { unquarantineWorker } from '@yardmaster/db/verbs/blame-workers'
import { killWorker } from '@yardmaster/db/verbs/kill-worker'
import { pauseWorker, stopWorker, unpauseWorker } from '@yardmaster/db/verbs/pause-worker'
import { readSlots, type Slot } from '@yardmaster/db/verbs/read-machines'
import { downtimeAt, machineFacts, unavailability, type Downtime } from '@yardmaster/domain'
import { routes, workerActions, type YardWorker } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { act } from './act.js'
import { configuredPools } from './pools.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

type Row = Omit<YardWorker, 'downtime' | 'unavailable' | 'pool' | 'machine'> & { downtimes: Downtime[]; orphans: boolean; quarantinedForMs: number | null }

const seconds = (column: string) => `extract(epoch FROM ${column})::float8`
const SELECT = `
  SELECT w.id, w.name, w.active, w.graceful, w.kill_requested_at IS NOT NULL AS killed, w.failures, w.notes, w.info, w.max_builds AS "maxBuilds", w.capacity,
    CASE WHEN s.connected THEN jsonb_build_object('engineId', r.id, 'engine', r.name, 'host', r.host, 'protocol', s.protocol, 'since', ${seconds('s.connected_at')}) END AS connected,
    CASE WHEN NOT s.connected THEN ${seconds('s.disconnected_at')} END AS "awaySince", NOT s.connected AND w.missing_told_at IS NOT NULL AS missing,
    running.builds, running.units, CASE WHEN w.paused THEN jsonb_build_object('reason', w.pause_reason) END AS paused,
    CASE WHEN w.quarantined_until > now() THEN jsonb_build_object('until', ${seconds('w.quarantined_until')}, 'reason', coalesce(w.quarantine_reason, '')) END AS quarantine,
    (extract(epoch FROM w.quarantined_until - now()) * 1000)::float8 AS "quarantinedForMs", w.downtime AS downtimes, cardinality(s.orphans) > 0 AS orphans,
    w.reported_labels || w.labels AS labels, w.labels AS "configuredLabels",
    w.status || jsonb_build_object('at', (w.status ->> 'at')::float8 / 1000) AS status,
    ARRAY(SELECT bw.builder_id::float8 FROM builder_workers bw JOIN builders b ON b.id = bw.builder_id AND b.active WHERE bw.worker_id = w.id ORDER BY 1) AS builders
  FROM workers w JOIN worker_sessions s ON s.worker_id = w.id LEFT JOIN replicas r ON r.id = s.replica_id
    CROSS JOIN LATERAL (SELECT count(*)::int AS builds, coalesce(sum(b.units), 0)::int AS units FROM builds x JOIN builders b ON b.id = x.builder_id
      WHERE x.worker_id = w.id AND x.complete_at IS NULL) running`

const verbs = { pause: pauseWorker, unpause: unpauseWorker, stop: stopWorker, kill: killWorker, unquarantine: unquarantineWorker }

/** Workers with all that there is to know of them, and what can be done to them. */
export function workerRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.workers.list, async () => {
    // Those that no configuration names any more are kept for their history.
    const { rows } = await db.pool.query<Row>(`${SELECT} WHERE w.active ORDER BY w.name, w.id`)
    return { workers: await presentAll(deps, rows) }
  })
  serve(router, deps, routes.workers.one, async ({ params }) => ({ worker: await presentOne(deps, await one(db, params.worker)) }))
  for (const name of workerActions) {
    const route = routes.workers[name]
    serve(router, deps, route, async ({ params, body: { reason }, request }) => {
      const { id } = await one(db, params.worker)
      await act(deps, request, { ...route.action, id, parameters: reason === undefined ? {} : { reason } }, async tx => void await verbs[name](tx, { workerId: id, reason: reason ?? null }))
      return { worker: await presentOne(deps, await one(db, params.worker)) }
    })
  }
  return router
}

async function presentAll(deps: Deps, rows: readonly Row[]): Promise<YardWorker[]> {
  const slots = new Map((await readSlots(deps.db, rows.map(row => row.id))).map(slot => [slot.workerId, slot]))
  return rows.map(row => present(deps, row, slots.get(row.id)))
}

const presentOne = async (deps: Deps, row: Row): Promise<YardWorker> => (await presentAll(deps, [row]))[0]!

function present({ clock, activeGenerations }: Deps, { downtimes, orphans, quarantinedForMs, ...row }: Row, slot: Slot | undefined): YardWorker {
  const pool = slot && configuredPools({ activeGenerations }).find(({ name }) => name === slot.pool)
  const now = clock.now()
  const downtime = downtimeAt(downtimes, now)
  const machine = slot && machineFacts(slot.machine, pool)
  const away = unavailability({
    connected: row.connected !== null, paused: row.paused !== null, pauseReason: row.paused?.reason ?? null, graceful: row.graceful, orphans,
    quarantinedUntil: quarantinedForMs === null ? null : now + quarantinedForMs, downtime: downtimes, machine,
  }, now)
  return { ...row, downtime: downtime && { until: downtime.until / 1000, timeZone: downtime.timeZone, reason: downtime.reason }, unavailable: away?.why ?? null, pool: slot?.pool ?? null, machine: machine?.state ?? null }
}

/** By its number, or by its name. */
async function one(db: Database, key: string): Promise<Row> {
  const { rows } = await db.pool.query<Row>(`${SELECT} WHERE w.name = $1 OR w.id::text = $1 ORDER BY w.name = $1 LIMIT 1`, [key])
  if (!rows[0]) throw new YardError(404, `not found: there is no worker ${key}`)
  return rows[0]
}
