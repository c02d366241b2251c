import { clearPoolAlert, pausePool, resumePool } from '@yardmaster/db/verbs/pause-pool'
import { poolActionRequest, poolActions, type Pool } from '@yardmaster/rest'
import { Router, type Request } from 'express'
import type { Deps } from '../../deps.js'
import { sendJson } from '../json.js'
import { act } from './act.js'
import { readPools } from './read-pools.js'
import { YardError } from './yard-error.js'

const verbs = { pause: pausePool, resume: resumePool, 'clear-alert': clearPoolAlert }

/** Pools of machines, and what can be done to them. */
export function poolRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  router.get('/', async (request, response) => sendJson(request, response, { pools: await readPools(db, configuredPools(deps)) }))
  router.get('/:pool', async (request, response) => sendJson(request, response, { pool: await one(deps, request) }))
  for (const action of poolActions) router.post(`/:pool/${action}`, async (request, response) => {
    const { reason } = poolActionRequest.parse(request.body ?? {})
    const { id } = await one(deps, request)
    await act(deps, request, { action, thing: 'worker_pools', id, parameters: reason === undefined ? {} : { reason } }, async tx => void await verbs[action](tx, { poolId: id, reason: reason ?? null }))
    sendJson(request, response, { pool: await one(deps, request) })
  })
  return router
}

export const configuredPools = ({ activeGenerations }: Pick<Deps, 'activeGenerations'>) => activeGenerations().flatMap(({ configuration }) => configuration.pools)

/** By its name, or by its number. */
async function one(deps: Deps, { params }: Request): Promise<Pool> {
  const key = String(params['pool'])
  const [pool] = await readPools(deps.db, configuredPools(deps), key)
  if (!pool) throw new YardError(404, `not found: there is no pool ${key}`)
  return pool
}
