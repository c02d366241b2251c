import { writeRequestMachines, type RequestMachine } from '@yardmaster/db/verbs/write-request-machines'
import { dependsOnBuild, mayServe, type BuilderView, type BuildView, type PoolConfig } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Provisioning } from '../deps.js'
import { renderMachineOptions } from '../rendering/machine-options.js'
import { readRequestViews } from '../rendering/request-view.js'
import { usable, type Look } from './look.js'

/** In one pass: the next one goes on. */
const MOST_RENDERED = 100

/** Pools whose machines a build of the builder may be given, of those whose options depend on the build. */
function tailoredPools({ world }: Look, builder: BuilderView): { id: number; config: PoolConfig }[] {
  return world.pools.flatMap(({ id, config }) => {
    if (!config || !dependsOnBuild(config.provider.machine)) return []
    return world.workers.some(worker => worker.pool === id && mayServe(worker, builder)) ? [{ id, config }] : []
  })
}

/**
 * What waiting requests would have of pools whose options depend on the build, where it is not known yet: rendered outside any transaction, then written down. Answers with what is known
 * then; `rendered`: there may be more. Those that are rendered wait for no others: as many may come all the time.
 */
export async function renderRequests(deps: Provisioning, seen: Look): Promise<{ seen: Look; rendered: boolean }> {
  const missing = seen.requests.flatMap(request => tailoredPools(seen, request.builder).flatMap(pool => (request.machines.has(pool.id) ? [] : [{ request, pool }]))).slice(0, MOST_RENDERED)
  if (missing.length === 0) return { seen, rendered: false }
  const views = await readRequestViews(deps.db, seen.generation, missing.map(({ request }) => request.id))
  const machines: RequestMachine[] = []
  for (const { request, pool } of missing) {
    const view = views.get(request.id)
    if (view) machines.push({ requestId: request.id, poolId: pool.id, ...await fingerprintOf(deps, seen.generation, pool.config, view) })
  }
  const written = await deps.write(tx => writeRequestMachines(tx, seen.generation.id, machines))
  return { seen: withMachines(seen, machines), rendered: written > 0 }
}

function withMachines(seen: Look, machines: readonly RequestMachine[]): Look {
  const known = new Map<number, Map<number, string | null>>()
  for (const { requestId, poolId, fingerprint } of machines) known.set(requestId, (known.get(requestId) ?? new Map<number, string | null>()).set(poolId, usable(seen.world, poolId, fingerprint)))
  return { ...seen, requests: seen.requests.map(request => (known.has(request.id) ? { ...request, machines: new Map([...request.machines, ...known.get(request.id)!]) } : request)) }
}

async function fingerprintOf({ random }: Provisioning, generation: LoadedGeneration, pool: PoolConfig, view: BuildView): Promise<Pick<RequestMachine, 'fingerprint' | 'problem'>> {
  try {
    return { fingerprint: (await renderMachineOptions(pool.provider.machine, view, { generation, random })).fingerprint, problem: null }
  } catch (error) {
    return { fingerprint: null, problem: `the options of a machine of pool ${pool.name}: ${error instanceof Error ? error.message : String(error)}` }
  }
}
