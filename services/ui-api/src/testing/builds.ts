import { transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { addChange, type NewChange } from '@yardmaster/db/verbs/add-change'
import { claimRequests, type ClaimedBuild } from '@yardmaster/db/verbs/claim-requests'
import { finishBuilds } from '@yardmaster/db/verbs/finish-builds'
import { openSession } from '@yardmaster/db/verbs/open-session'
import type { Properties, Result } from '@yardmaster/domain'
import type { TestApi } from './api.js'

export const repository = 'https://git.example.org/hello.git'

export function aChange(revision: string, more: Partial<NewChange> = {}): NewChange {
  return {
    author: 'Ann <ann@example.org>', committer: null, comments: `Change ${revision}`, branch: 'main', revision, repository, codebase: '', project: '',
    files: ['a.c'], properties: { seen: [true, 'Change'] }, whenAt: new Date(1_790_000_000_000), ...more,
  }
}

export async function accept(api: TestApi, change: NewChange): Promise<number> {
  const accepted = await transaction(api.db, null, tx => addChange(tx, change))
  if (!accepted) throw new Error('it was accepted before')
  return accepted.id
}

export async function request(api: TestApi, builder: string, { revision = null, properties = {} }: { revision?: string | null; properties?: Properties } = {}) {
  const { buildsetId, requests } = await transaction(api.db, null, tx => addBuildset(tx, {
    reason: 'because', scheduler: 'all', actor: 'system:scheduler', generationId: api.generationId, properties, priority: 0, builderNames: [builder],
    sourcestamps: [{ codebase: '', repository, project: '', branch: 'main', revision }],
  }))
  const [first] = requests
  if (!first) throw new Error('a buildset without requests')
  return { buildsetId, ...first }
}

/** The worker connects to the installation's only replica; answers its id and session. */
export async function connectWorker(api: TestApi, name: string): Promise<{ workerId: number; sessionNumber: number }> {
  const { rows: [worker] } = await api.db.pool.query<{ id: number }>('SELECT id FROM workers WHERE name = $1', [name])
  if (!worker) throw new Error(`no worker ${name}`)
  const session = await transaction(api.db, null, tx => openSession(tx, { workerId: worker.id, replicaId: api.replicaId, processId: 'p', info: { admin: 'me' } }))
  if (!session) throw new Error('the session was refused')
  return { workerId: worker.id, sessionNumber: session.number }
}

export type Started = ClaimedBuild & { builderId: number; buildsetId: number; workerId: number }

/** A request claimed, with its build and steps. */
export async function start(api: TestApi, asked: Awaited<ReturnType<typeof request>>, { worker, steps = ['git', 'test'], properties = {} }:
  { worker: Awaited<ReturnType<typeof connectWorker>>; steps?: string[]; properties?: Properties }): Promise<Started> {
  const { workerId, sessionNumber } = worker
  const { builds: [build] } = await transaction(api.db, null, tx => claimRequests(tx, api.replicaId, [{
    requestId: asked.requestId, builderId: asked.builderId, buildsetId: asked.buildsetId, projectId: null, project: null, workerId, sessionNumber, units: 1,
    generationId: api.generationId, properties, steps,
  }]))
  if (!build) throw new Error('the claim was lost')
  return { ...build, builderId: asked.builderId, buildsetId: asked.buildsetId, workerId }
}

export async function finish(api: TestApi, build: Started, results: Result): Promise<void> {
  await transaction(api.db, null, tx => finishBuilds(tx, [{ buildId: build.buildId, results, stateString: 'done' }]))
}

/** A stdio log of the step, its lines in chunks of these sizes. */
export async function writeLog(api: TestApi, stepId: number, { lines, chunks }: { lines: string[]; chunks: number[] }): Promise<number> {
  const { rows: [log] } = await api.db.pool.query<{ id: number }>(
    `INSERT INTO logs (step_id, name, slug, num_lines) VALUES ($1, 'stdio', 'stdio', $2) RETURNING id`, [stepId, lines.length])
  if (!log) throw new Error('the log was not written')
  let first = 0
  for (const size of chunks) {
    const content = Buffer.from(lines.slice(first, first + size).map(line => `${line}\n`).join(''))
    await api.db.pool.query('INSERT INTO log_chunks (log_id, first_line, last_line, content) VALUES ($1, $2, $3, $4)', [log.id, first, first + size - 1, content])
    first += size
  }
  return log.id
}
