import { clearPoolAlert, pausePool, resumePool } from '@yardmaster/db/verbs/pause-pool'
import { poolActions, routes, type Pool } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { act } from './act.js'
import { readPools } from './read-pools.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

const verbs = { pause: pausePool, resume: resumePool, 'clear-alert': clearPoolAlert }

/** Pools of machines, and what can be done to them. */
export function poolRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.pools.list, async () => ({ pools: await readPools(db, configuredPools(deps)) }))
  serve(router, deps, routes.pools.one, async ({ params }) => ({ pool: await one(deps, params.pool) }))
  for (const name of poolActions) {
    const route = routes.pools[name]
    serve(router, deps, route, async ({ params, body: { reason }, request }) => {
      const { id } = await one(deps, params.pool)
      await act(deps, request, { ...route.action, id, parameters: reason === undefined ? {} : { reason } }, async tx => void await verbs[name](tx, { poolId: id, reason: reason ?? null }))
      return { pool: await one(deps, params.pool) }
    })
  }
  return router
}

export const configuredPools = ({ activeGenerations }: Pick<Deps, 'activeGenerations'>) => activeGenerations().flatMap(({ configuration }) => configuration.pools)

/** By its name, or by its number. */
async function one(deps: Deps, key: string): Promise<Pool> {
  const [pool] = await readPools(deps.db, configuredPools(deps), key)
  if (!pool) throw new YardError(404, `not found: there is no pool ${key}`)
  return pool
}
