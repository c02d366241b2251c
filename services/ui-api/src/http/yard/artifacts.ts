import type { Database } from '@yardmaster/db'
import { artifactPath } from '@yardmaster/domain'
import { routes, type Artifact } from '@yardmaster/rest'
import { Router, type Request, type Response } from 'express'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Deps } from '../../deps.js'
import { readArtifacts, readContent } from './read-artifacts.js'
import { serve, serveFile } from './serve.js'
import { YardError } from './yard-error.js'

/** How far back the newest build that has an artifact is looked for. */
const MOST_BUILDS = 1_000

/** Files that builds have uploaded. */
export function artifactRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.artifacts.list, async ({ params: { build: buildId } }) => {
    await checkBuild(db, buildId)
    return { artifacts: await readArtifacts(db, { buildId, baseUrl: deps.settings.baseUrl }) }
  })
  serveFile(router, routes.artifacts.download, async ({ params: { build: buildId, name }, request, response }) => {
    const [artifact] = await readArtifacts(db, { buildId, name, baseUrl: deps.settings.baseUrl })
    if (!artifact) throw new YardError(404, `not found: build ${buildId} has no artifact ${name}, or it is not kept any more`)
    await send(artifact, { ...deps, request, response })
  })
  serveFile(router, routes.artifacts.newest, async ({ params: { builder, name }, response }) => {
    const buildId = await newestWith(db, builder, name)
    if (buildId === null) throw new YardError(404, `not found: none of the last ${MOST_BUILDS} builds of ${builder} has succeeded and has an artifact ${name}`)
    response.set('cache-control', 'no-cache').redirect(302, `${new URL(deps.settings.baseUrl).pathname}${artifactPath(buildId, name)}`)
  })
  return router
}

async function checkBuild(db: Database, buildId: number): Promise<void> {
  const { rowCount } = await db.pool.query('SELECT 1 FROM builds WHERE id = $1', [buildId])
  if (rowCount === 0) throw new YardError(404, `not found: there is no build ${buildId}`)
}

/** By the builder's id or name. */
async function newestWith(db: Database, builder: string, name: string): Promise<number | null> {
  const { rows: [row] } = await db.pool.query<{ id: number }>(
    `SELECT b.id FROM (SELECT id, number, results FROM builds WHERE builder_id = (SELECT id FROM builders WHERE name = $1 OR id::text = $1 ORDER BY name = $1 DESC, active DESC, id DESC LIMIT 1)
       ORDER BY number DESC LIMIT ${MOST_BUILDS}) b
     WHERE b.results IN (0, 1) AND EXISTS (SELECT 1 FROM artifacts a WHERE a.build_id = b.id AND a.name = $2 AND a.sha256 IS NOT NULL AND (a.expires_at IS NULL OR a.expires_at > now()))
     ORDER BY b.number DESC LIMIT 1`, [builder, name])
  return row?.id ?? null
}

type Sending = Pick<Deps, 'db' | 'logger'> & { request: Request; response: Response }

/** The content, or the one range of it that is asked for. What a build made is not ours: it must not act in our name. */
async function send({ id, name, size, sha256 }: Artifact, { db, logger, request, response }: Sending): Promise<void> {
  const etag = `"${sha256}"`
  response.set({ etag, 'accept-ranges': 'bytes', 'content-security-policy': 'sandbox', 'cache-control': 'private, no-cache', 'content-type': 'application/octet-stream' })
  response.attachment(name.split('/').at(-1)).type('application/octet-stream')
  if ((request.get('if-none-match') ?? '').split(',').some(known => known.trim() === etag)) return void response.status(304).end()
  const ifRange = request.headers['if-range']
  const ranges = ifRange === undefined || ifRange === etag ? request.range(size, { combine: true }) : undefined
  if (ranges === -1) return void response.status(416).set('content-range', `bytes */${size}`).end()
  const [range] = Array.isArray(ranges) && ranges.type === 'bytes' && ranges.length === 1 ? ranges : []
  const { start: from, end: to } = range ?? { start: 0, end: size - 1 }
  if (range) response.status(206).set('content-range', `bytes ${from}-${to}/${size}`)
  response.set('content-length', String(to - from + 1))
  if (request.method === 'HEAD') return void response.end()
  try {
    await pipeline(Readable.from(readContent(db, { id, from, to })), response)
  } catch (error) {
    // The head of the answer is gone: all that is left is to break it off. A reader who left is no fault.
    if (!response.closed) logger.warn({ err: error, artifact: id }, 'sending an artifact broke off')
    response.destroy()
  }
}
