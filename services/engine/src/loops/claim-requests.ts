import { posix, win32 } from 'node:path'
import { transaction, type Database, type Fence } from '@yardmaster/db'
import { claimRequests, type Claim, type ClaimedBuild } from '@yardmaster/db/verbs/claim-requests'
import { findClaimable, readSourcestamps, type ClaimableRequest } from '@yardmaster/db/verbs/find-claimable'
import { buildersWithRoom, matchRequests, mergeProperties, propertiesFrom, type Json, type Properties, type SourceStampData, type WorkerView } from '@yardmaster/domain'
import type { Generations, LoadedGeneration } from '@yardmaster/replica'
import { builderOf, type BuildData } from '../build/build-data.js'
import type { BuildRuns } from '../build/build-runs.js'
import { byCodebase } from '../build/load-build.js'
import type { WorkerPool } from '../workers/worker-pool.js'
import type { WorkerSession } from '../workers/worker-session.js'

export type ClaimDeps = { db: Database; fence: Fence; generations: Generations; pool: WorkerPool; runs: BuildRuns }

/** Requests looked at in one pass. */
const CANDIDATES = 200
/** Of one builder: more cannot start at once than it has workers, and few are cancelled between look and claim. */
const PER_BUILDER = 20

type Choice = { request: ClaimableRequest; session: WorkerSession; generation: LoadedGeneration; builder: BuildData['builder'] }

/** Gives waiting requests to free workers of this engine, by priority then age. `again` while there may be more to give. */
export async function claimWaiting(deps: ClaimDeps): Promise<{ again: boolean }> {
  const builders = deps.generations.active()?.configuration.builders ?? []
  const sessions = new Map(deps.pool.sessions().filter(session => session.link !== null).map(session => [session.workerId, session]))
  const views = await workerViews(deps.db, sessions)
  const builderKeys = buildersWithRoom(builders, views)
  if (builderKeys.length === 0) return { again: false }
  const candidates = await findClaimable(deps.db, { builderKeys, perBuilder: PER_BUILDER, limit: CANDIDATES })
  const byName = new Map([...sessions.values()].map(session => [session.name, session]))
  const choices: Choice[] = []
  for (const { request, worker } of matchRequests(candidates, builders, views)) {
    const found = await builderFor(deps.generations, request)
    if (found) choices.push({ request, session: byName.get(worker)!, ...found })
  }
  if (choices.length === 0) return { again: false }
  const claimed = await claim(deps, choices)
  return { again: candidates.length === CANDIDATES && claimed > 0 }
}

/** Returns how many requests were won; their builds are driven. */
async function claim({ db, fence, runs }: ClaimDeps, choices: Choice[]): Promise<number> {
  const stamps = await readSourcestamps(db, [...new Set(choices.map(choice => choice.request.buildsetId))])
  const sourcestampsOf = (choice: Choice) => byCodebase(stamps.get(choice.request.buildsetId) ?? [])
  const claims = choices.map(choice => claimOf(choice, sourcestampsOf(choice)))
  const claimed = await transaction(db, fence, tx => claimRequests(tx, fence.replicaId, claims))
  for (const build of claimed) {
    const at = choices.findIndex(choice => choice.request.id === build.requestId)
    runs.start(buildData(choices[at]!, claims[at]!, build, sourcestampsOf(choices[at]!)), choices[at]!.session)
  }
  return claimed.length
}

/** What each worker could take, by its rows: a build whose claim had no answer is there, though nobody drives it yet. */
async function workerViews(db: Database, sessions: Map<number, WorkerSession>): Promise<WorkerView[]> {
  const { rows } = await db.pool.query<Omit<WorkerView, 'connected'>>(
    `SELECT w.name, w.paused, w.graceful, w.max_builds AS "maxBuilds", array_remove(array_agg(u.key), NULL) AS building
     FROM workers w LEFT JOIN builds b ON b.worker_id = w.id AND b.complete_at IS NULL LEFT JOIN builders u ON u.id = b.builder_id
     WHERE w.id = ANY($1) AND w.active GROUP BY w.id`, [[...sessions.keys()]])
  return rows.map(row => ({ ...row, connected: true }))
}

/** The builder as the generation that made the request has it; as the active one has it when that one did not know it. */
async function builderFor(generations: Generations, request: ClaimableRequest) {
  for (const generation of [await generations.get(request.generationId), generations.active()]) {
    const builder = generation && builderOf(generation, request.builderKey)
    if (generation && builder) return { generation, builder }
  }
  return null
}

function claimOf({ request, session, generation, builder }: Choice, sourcestamps: { [codebase: string]: SourceStampData }): Claim {
  return {
    requestId: request.id, builderId: request.builderId, buildsetId: request.buildsetId, projectId: request.projectId, project: request.project,
    workerId: session.workerId, sessionNumber: session.number, generationId: generation.id,
    properties: initialProperties({ request, session, generation, builder }, sourcestamps),
    steps: builder.steps.map(step => step.name),
  }
}

/** Buildbot's order: what the buildset says, over that what the builder says, then the worker, then what the build itself is. */
function initialProperties({ request, session, generation, builder }: Choice, sourcestamps: { [codebase: string]: SourceStampData }): Properties {
  const worker = generation.configuration.workers.find(candidate => candidate.name === session.name)
  const stamps = Object.values(sourcestamps)
  const source = stamps.length === 1 ? stamps[0]! : null
  const project: { [name: string]: Json } = request.project === null ? {} : { projectname: request.project, projectid: request.projectId }
  return mergeProperties(
    request.properties,
    propertiesFrom({ buildername: builder.name, builderid: request.builderId, ...project, ...builder.properties }, 'Builder'),
    propertiesFrom({ ...worker?.properties, workername: session.name, basedir: session.basedir, builddir: pathOn(session.basedir, builder.builddir) }, 'Worker'),
    source ? propertiesFrom({ branch: source.branch, revision: source.revision, repository: source.repository, codebase: source.codebase, project: source.project }, 'Build') : {},
  )
}

/** Workers are of several systems: the folder says which. */
function pathOn(basedir: string, folder: string): string {
  return (/^[A-Za-z]:|\\/.test(basedir) ? win32 : posix).join(basedir, folder)
}

function buildData(choice: Choice, claim: Claim, build: ClaimedBuild, sourcestamps: { [codebase: string]: SourceStampData }): BuildData {
  const { request, generation, builder } = choice
  return {
    ref: { id: build.buildId, number: build.number, builderId: request.builderId, workerId: claim.workerId, buildsetId: request.buildsetId, project: request.project },
    requestId: request.id, reason: request.reason, generation, builder, sourcestamps, stopReason: null,
    properties: mergeProperties(claim.properties, { buildnumber: [build.number, 'Build'] }),
    steps: build.steps.map(({ id, number }) => ({ id, number, results: null, startedAt: false, urls: [], logs: [], journal: [] })),
  }
}
