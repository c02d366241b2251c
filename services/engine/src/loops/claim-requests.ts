import { transaction, type Database, type Fence } from '@yardmaster/db'
import { claimRequests, type Claim, type ClaimedBuild } from '@yardmaster/db/verbs/claim-requests'
import { findClaimable, readSourcestamps, type ClaimableRequest } from '@yardmaster/db/verbs/find-claimable'
import { mergeProperties, propertiesFrom, takesBuilds, workersFor, type Properties, type SourceStampData, type WorkerView } from '@yardmaster/domain'
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
  const views = await workerViews(deps)
  const free = [...views.keys()].filter(session => takesBuilds(views.get(session)!))
  if (free.length === 0) return { again: false }
  const candidates = await findClaimable(deps.db, { workerIds: free.map(session => session.workerId), perBuilder: PER_BUILDER, limit: CANDIDATES })
  const choices = await choose(deps, candidates, views)
  if (choices.length === 0) return { again: false }
  const stamps = await readSourcestamps(deps.db, [...new Set(choices.map(choice => choice.request.buildsetId))])
  const sourcestampsOf = (choice: Choice) => byCodebase(stamps.get(choice.request.buildsetId) ?? [])
  const claims = choices.map(choice => claimOf(choice, sourcestampsOf(choice)))
  const claimed = await transaction(deps.db, deps.fence, tx => claimRequests(tx, deps.fence.replicaId, claims))
  for (const build of claimed) {
    const at = choices.findIndex(choice => choice.request.id === build.requestId)
    deps.runs.start(buildData(choices[at]!, claims[at]!, build, sourcestampsOf(choices[at]!)), choices[at]!.session)
  }
  return { again: candidates.length === CANDIDATES && claimed.length > 0 }
}

/** What each worker could take, from its rows and from the builds that run on it. */
async function workerViews({ db, pool, runs }: ClaimDeps): Promise<Map<WorkerSession, WorkerView>> {
  const sessions = pool.sessions()
  const { rows } = await db.pool.query<{ id: number; paused: boolean; graceful: boolean; maxBuilds: number | null }>(
    'SELECT id, paused, graceful, max_builds AS "maxBuilds" FROM workers WHERE id = ANY($1) AND active', [sessions.map(session => session.workerId)])
  const views = new Map<WorkerSession, WorkerView>()
  for (const session of sessions) {
    const row = rows.find(candidate => candidate.id === session.workerId)
    if (!row) continue
    const building = runs.of(session).map(run => run.data.builder.key)
    views.set(session, { name: session.name, connected: session.link !== null, paused: row.paused, graceful: row.graceful, maxBuilds: row.maxBuilds, building })
  }
  return views
}

/** A worker for each request that can have one now; every choice counts for the next. */
async function choose({ generations }: ClaimDeps, candidates: ClaimableRequest[], views: Map<WorkerSession, WorkerView>): Promise<Choice[]> {
  const choices: Choice[] = []
  const sessions = new Map([...views].map(([session, view]) => [view.name, session]))
  for (const request of candidates) {
    const found = await builderFor(generations, request)
    if (!found) continue
    const view = workersFor(found.builder, [...views.values()])[0]
    if (!view) continue
    const session = sessions.get(view.name)!
    choices.push({ request, session, ...found })
    views.set(session, { ...view, building: [...view.building, found.builder.key] })
  }
  return choices
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

/** Buildbot's order: what the worker and builder say, what the buildset says, then what the build itself is. */
function initialProperties({ request, session, generation, builder }: Choice, sourcestamps: { [codebase: string]: SourceStampData }): Properties {
  const worker = generation.configuration.workers.find(candidate => candidate.name === session.name)
  const stamps = Object.values(sourcestamps)
  const source = stamps.length === 1 ? stamps[0]! : null
  return mergeProperties(
    propertiesFrom(worker?.properties ?? {}, 'Worker'),
    propertiesFrom(builder.properties, 'Builder'),
    request.properties,
    source ? propertiesFrom({ branch: source.branch, revision: source.revision, repository: source.repository, codebase: source.codebase, project: source.project }, 'Build') : {},
    propertiesFrom({ buildername: builder.name, builddir: builder.builddir }, 'Builder'),
    propertiesFrom({ workername: session.name, basedir: session.basedir }, 'Worker'),
  )
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
