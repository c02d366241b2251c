import { buildData } from '@yardmaster/rest'
import { Router, type Request, type Response } from 'express'
import type { Deps } from '../deps.js'
import { sendError } from './json.js'
import { pathParams } from './path-params.js'
import { specOf } from './query-of.js'
import { buildId, buildPlaces } from './resources/places.js'
import { sql, toQuery } from './resources/sql.js'

/** The bytes that a step has kept with its build under a name, to be saved as a file. */
export function buildDataValueRoutes({ db }: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  const serve = async (request: Request, response: Response) => {
    specOf(request, buildData, false)
    const params = pathParams(request)
    const { rows: [found] } = await db.pool.query<{ value: Buffer }>(toQuery(sql`SELECT value FROM build_data WHERE build_id = ${buildId(params)} AND name = ${params.name}`))
    if (!found) return sendError(response, 404, `not found while getting from ${request.path}: the build has no data of that name`)
    // The bytes are a step's: they are to be saved, and must not act in our name.
    response.attachment(params.name).set({ 'content-type': 'application/octet-stream', 'content-security-policy': 'sandbox' }).send(found.value)
  }
  for (const place of buildPlaces) router.get(`${place}/data/:name/value`, serve)
  return router
}
