import type { Database } from '@yardmaster/db'
import { emptySpec } from '@yardmaster/rest'
import { builders } from '../http/resources/builders.js'
import { buildrequests } from '../http/resources/buildrequests.js'
import { builds } from '../http/resources/builds.js'
import { buildsets } from '../http/resources/buildsets.js'
import { changes } from '../http/resources/changes.js'
import { changesources } from '../http/resources/changesources.js'
import { fetchByIds } from '../http/resources/fetch-rows.js'
import { logs } from '../http/resources/logs.js'
import { masters } from '../http/resources/masters.js'
import { projects } from '../http/resources/projects.js'
import { schedulers } from '../http/resources/schedulers.js'
import { steps } from '../http/resources/steps.js'
import type { StoredResource } from '../http/resources/stored-resource.js'
import { testResultSets } from '../http/resources/test-results.js'
import { workers } from '../http/resources/workers.js'
import { readDeliveriesById } from '../http/yard/read-deliveries.js'
import { readNotificationsById } from '../http/yard/read-notifications.js'
import { readInstancesById } from '../http/yard/read-instances.js'
import type { Subject, Told } from './event-paths.js'

/** Those that Buildbot has. */
const resources: { [S in Exclude<Subject, 'instance' | 'pool' | 'delivery' | 'notification' | 'control'>]: StoredResource } = {
  master: masters, builder: builders, scheduler: schedulers, worker: workers, change: changes, changesource: changesources, buildset: buildsets,
  buildrequest: buildrequests, build: builds, step: steps, log: logs, project: projects, testresultset: testResultSets,
}

const keyOf = ({ subject, part, id }: Told) => `${subject}.${part}.${id}`

/** The present state of all that was told, as JSON text, by one query per kind. A row that is gone has none. */
export async function loadMessages(db: Database, told: readonly Told[]): Promise<(of: Told) => string | undefined> {
  const groups = new Map<string, Told[]>()
  for (const one of told) {
    const name = `${one.subject}.${one.part}`
    const group = groups.get(name)
    if (group) group.push(one)
    else groups.set(name, [one])
  }
  const texts = new Map<string, string>()
  await Promise.all([...groups.values()].map(async group => {
    for (const [key, text] of await loadGroup(db, group)) texts.set(key, text)
  }))
  return of => texts.get(keyOf(of))
}

async function loadGroup(db: Database, group: readonly Told[]): Promise<[string, string][]> {
  const [first] = group
  if (!first) return []
  const { subject, part } = first
  const ids = [...new Set(group.map(told => told.id))]
  if (part === 'properties') {
    const rows = await fetchByIds(db, builds, ids, { ...emptySpec, fields: ['properties'], properties: ['*'] })
    return [...rows].map(([id, row]) => [keyOf({ ...first, id }), JSON.stringify(row.properties)])
  }
  if (part === 'missing') return (await loadMissing(db, ids)).map(row => [keyOf({ ...first, id: row.workerid }), JSON.stringify(row)])
  if (subject === 'instance') return (await readInstancesById(db, ids)).map(row => [keyOf({ ...first, id: row.id }), JSON.stringify(row)])
  if (subject === 'delivery') return (await readDeliveriesById(db, ids)).map(row => [keyOf({ ...first, id: row.id }), JSON.stringify(row)])
  if (subject === 'notification') return (await readNotificationsById(db, ids)).map(row => [keyOf({ ...first, id: row.id }), JSON.stringify(row)])
  if (subject === 'control') return (await loadReasons(db, ids)).map(({ id, reason }) => [keyOf({ ...first, id }), JSON.stringify({ reason })])
  if (subject === 'pool') return (await loadPools(db, ids)).map(row => [keyOf({ ...first, id: row.id }), JSON.stringify(row)])
  const rows = await fetchByIds(db, resources[subject], ids, emptySpec)
  return [...rows].map(([id, row]) => [keyOf({ ...first, id }), JSON.stringify(row)])
}

/** Which pool it is, and what holds it up: who wants its machines counted asks for it. */
async function loadPools(db: Database, ids: number[]): Promise<{ id: number; name: string; active: boolean; paused: boolean; alert: string | null; version: number }[]> {
  const { rows } = await db.pool.query<{ id: number; name: string; active: boolean; paused: boolean; alert: string | null; version: number }>(
    'SELECT id, name, active, paused, alert, version FROM worker_pools WHERE id = ANY($1)', [ids])
  return rows
}

/** Of control actions all that Buildbot tells. */
async function loadReasons(db: Database, ids: number[]): Promise<{ id: number; reason: string }[]> {
  const { rows } = await db.pool.query<{ id: number; reason: string }>(`SELECT id, coalesce(parameters->>'reason', 'no reason') AS reason FROM control_actions WHERE id = ANY($1)`, [ids])
  return rows
}

type MissingWorker = { workerid: number; notify: string[]; last_connection: string }

/** Buildbot's words for it, `last_connection` as people read it. */
async function loadMissing(db: Database, ids: number[]): Promise<MissingWorker[]> {
  const [known, { rows }] = await Promise.all([fetchByIds(db, workers, ids, emptySpec), db.pool.query<MissingWorker>(
    `SELECT w.id AS workerid, w.notify_on_missing AS notify,
       coalesce(to_char(s.disconnected_at AT TIME ZONE 'UTC', 'Dy Mon DD HH24:MI:SS YYYY'), 'never') AS last_connection
     FROM workers w LEFT JOIN worker_sessions s ON s.worker_id = w.id WHERE w.id = ANY($1)`, [ids])])
  return rows.flatMap(row => {
    const worker = known.get(row.workerid)
    return worker ? [{ ...worker, ...row }] : []
  })
}
