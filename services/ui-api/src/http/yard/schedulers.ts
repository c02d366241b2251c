import { enableScheduler } from '@yardmaster/db/verbs/enable-scheduler'
import { routes, schedulerActions, type YardScheduler } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { act } from './act.js'
import { readSchedulers } from './read-schedulers.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

/** Schedulers: when they act next, what waits in them, what they could not do; they can be enabled and disabled. */
export function schedulerRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.schedulers.list, async () => ({ schedulers: await readSchedulers(db, configured(deps)) }))
  serve(router, deps, routes.schedulers.one, async ({ params }) => ({ scheduler: await one(deps, params.scheduler) }))
  for (const name of schedulerActions) {
    const route = routes.schedulers[name]
    serve(router, deps, route, async ({ params, request }) => {
      const { id } = await one(deps, params.scheduler)
      await act(deps, request, { ...route.action, id }, async tx => void await enableScheduler(tx, { schedulerId: id, enabled: name === 'enable' }))
      return { scheduler: await one(deps, params.scheduler) }
    })
  }
  return router
}

const configured = ({ activeGenerations }: Deps) => activeGenerations().flatMap(({ configuration }) => configuration.schedulers)

/** By its name, or by its number. */
async function one(deps: Deps, key: string): Promise<YardScheduler> {
  const [scheduler] = await readSchedulers(deps.db, configured(deps), key)
  if (!scheduler) throw new YardError(404, `not found: there is no scheduler ${key}`)
  return scheduler
}
