import { condemnInstance } from '@yardmaster/db/verbs/condemn-instance'
import { routes, type Instance } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { act } from './act.js'
import { readBuildsOf, readInstances, readInstancesById, readMachineOf } from './read-instances.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

/** Machines of latent workers: those that are there, and those that were. */
export function instanceRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  const details = async (id: number) => {
    const instance = await one(deps, id)
    return { instance, builds: await readBuildsOf(db, instance) }
  }
  serve(router, deps, routes.instances.list, ({ query }) => readInstances(db, query))
  serve(router, deps, routes.instances.one, ({ params }) => details(params.instance))
  serve(router, deps, routes.instances.stop, async ({ params, body: { now = false, reason }, request }) => {
    const { id } = await one(deps, params.instance)
    await act(deps, request, { ...routes.instances.stop.action, id, parameters: { now, ...(reason !== undefined && { reason }) } },
      (tx, actor) => condemnInstance(tx, { instanceId: id, reason: `stopped by ${actor}${reason ? `: ${reason}` : ''}`, building: now ? 'retry' : 'retire' }))
    return details(id)
  })
  return router
}

async function one({ db }: Deps, id: number): Promise<Instance> {
  const [instance] = await readInstancesById(db, [id])
  if (!instance) throw new YardError(404, `not found: there is no instance ${id}`)
  return instance
}

/** What builds cost. */
export function buildCostRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.builds.cost, async ({ params: { build } }) => {
    const machine = await readMachineOf(deps.db, build)
    if (machine === undefined) throw new YardError(404, `not found: there is no build ${build}`)
    return { machine }
  })
  return router
}
