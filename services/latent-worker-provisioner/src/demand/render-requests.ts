import { transaction } from '@yardmaster/db'
import { readClaimable, type ClaimableRequest } from '@yardmaster/db/verbs/find-claimable'
import { writeRequestMachines, type RequestMachine } from '@yardmaster/db/verbs/write-request-machines'
import { dependsOnBuild, mayServe, mergeProperties, propertiesFrom, type BuilderConfig, type BuildView, type Json, type PoolConfig, type SourceStampData } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Provisioning } from '../deps.js'
import { noBuild, renderMachineOptions, type MachineOptions } from '../rendering/machine-options.js'
import type { Look } from './look.js'

/** In one pass: the next one goes on. */
const MOST_RENDERED = 100

/** Pools whose machines a build of the builder may be given, of those whose options depend on the build. */
function tailoredPools({ world }: Look, builder: Pick<BuilderConfig, 'key' | 'workers' | 'workerLabels' | 'units'>): { id: number; config: PoolConfig }[] {
  return world.pools.flatMap(({ id, config }) => {
    if (!config || !dependsOnBuild(config.provider.machine)) return []
    return world.workers.some(worker => worker.pool === id && mayServe(worker, builder)) ? [{ id, config }] : []
  })
}

/**
 * What waiting requests would have of pools whose options depend on the build, where it is not known yet: rendered outside any transaction, then written down. Answers whether there was
 * any, so that one has to look again.
 */
export async function renderRequests(deps: Provisioning, seen: Look): Promise<boolean> {
  const missing = seen.requests.flatMap(request => tailoredPools(seen, request.builder).flatMap(pool => (request.machines.has(pool.id) ? [] : [{ request, pool }]))).slice(0, MOST_RENDERED)
  if (missing.length === 0) return false
  const rows = new Map((await readRequests(deps, seen, missing.map(({ request }) => request.id))).map(row => [row.id, row]))
  const machines: RequestMachine[] = []
  for (const { request, pool } of missing) {
    const row = rows.get(request.id)
    if (row) machines.push({ requestId: request.id, poolId: pool.id, ...await fingerprintOf(deps, seen.generation, pool.config, row) })
  }
  await transaction(deps.db, deps.fence, tx => writeRequestMachines(tx, seen.generation.id, machines))
  return machines.length > 0
}

/** Those of them that are pending still. */
export function readRequests({ db }: Provisioning, { demand }: Look, ids: readonly number[]): Promise<ClaimableRequest[]> {
  const asked = new Set(ids)
  return readClaimable(db, demand.requests.filter(({ id }) => asked.has(id)))
}

async function fingerprintOf(deps: Provisioning, generation: LoadedGeneration, pool: PoolConfig, request: ClaimableRequest): Promise<Pick<RequestMachine, 'fingerprint' | 'problem'>> {
  try {
    return { fingerprint: (await renderFor(deps, generation, pool, request)).fingerprint, problem: null }
  } catch (error) {
    return { fingerprint: null, problem: `the options of a machine of pool ${pool.name}: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** A machine's options for a build of the request; null: for none. Throws when they cannot be rendered. */
export function renderFor({ random }: Provisioning, generation: LoadedGeneration, pool: PoolConfig, request: ClaimableRequest | null): Promise<MachineOptions> {
  const view = request ? viewOf(generation, request) : noBuild
  return renderMachineOptions(pool.provider.machine, view, { random, call: fn => generation.threads.call(fn, { view }) })
}

/** What is known of a build before it has a worker and a number. */
function viewOf({ configuration }: LoadedGeneration, request: ClaimableRequest): BuildView {
  const builder = configuration.builders.find(({ key }) => key === request.builderKey)
  const [source, ...others] = request.sourcestamps
  const project: { [name: string]: Json } = request.project === null ? {} : { projectname: request.project, projectid: request.projectId }
  return {
    properties: mergeProperties(
      propertiesFrom(builder?.defaultProperties ?? {}, 'Builder'), request.properties,
      propertiesFrom({ buildername: builder?.name ?? '', builderid: request.builderId, ...project, ...builder?.properties }, 'Builder'),
      source && others.length === 0 ? propertiesFrom({ branch: source.branch, revision: source.revision, repository: source.repository, codebase: source.codebase, project: source.project }, 'Build') : {}),
    sourcestamps: Object.fromEntries(request.sourcestamps.map(({ codebase, repository, project: of, branch, revision }): [string, SourceStampData] => [codebase, { codebase, repository, project: of, branch, revision }])),
    build: { id: 0, number: 0, builder: builder?.name ?? '', worker: '', buildset: request.buildsetId, buildrequest: request.id, reason: request.reason },
  }
}
