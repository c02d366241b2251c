import { routes } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { readCounts } from './read-counts.js'
import { readBuilders, readBuilds, readChanges, readRequests } from './read-lists.js'
import { search } from './search.js'
import { serve } from './serve.js'

/** What there is and was, page by page, and what is looked for. */
export function listRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.lists.builds, ({ query }) => readBuilds(db, query))
  serve(router, deps, routes.lists.buildrequests, ({ query }) => readRequests(db, query))
  serve(router, deps, routes.lists.changes, ({ query }) => readChanges(db, query))
  serve(router, deps, routes.lists.builders, ({ query }) => readBuilders(db, query))
  serve(router, deps, routes.lists.counts, () => readCounts(db))
  serve(router, deps, routes.lists.search, async ({ query: { q, limit = 5 } }) => ({ hits: await search(db, q, limit) }))
  return router
}
