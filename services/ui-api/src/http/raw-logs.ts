import type { Database } from '@yardmaster/db'
import { logchunks } from '@yardmaster/rest'
import { Router, type Request, type Response } from 'express'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Deps } from '../deps.js'
import { leaveEarly } from './admit.js'
import { sendError } from './json.js'
import { readWhole } from './resources/log-lines.js'
import { logId, logPlaces } from './resources/places.js'
import { sql, toQuery } from './resources/sql.js'
import { pathParams } from './path-params.js'
import { specOf } from './query-of.js'
import { headersOf } from './security-headers.js'

type LogFacts = { id: number; slug: string; type: string; lines: number; complete: boolean; step: string; number: number; builder: string; worker: string }

/** A whole log as text: `raw` to be saved as a file, `raw_inline` to be looked at. */
export function rawLogRoutes({ db, logger }: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  const serve = (attachment: boolean) => async (request: Request, response: Response) => {
    specOf(request, logchunks, false)
    const log = await factsOf(db, request)
    if (!log) return sendError(response, 404, `not found while getting from ${request.path}: there is no log`)
    describe(response, log, attachment)
    leaveEarly(response)
    if (request.fresh) return void response.status(304).end()
    if (request.method === 'HEAD') return void response.end()
    try {
      await pipeline(Readable.from(textOf(db, log)), response)
    } catch (error) {
      // The head of the answer is gone: all that is left is to break it off. A reader who left is no fault.
      if (!response.closed) logger.warn({ err: error, log: log.id }, 'streaming a log broke off')
      response.destroy()
    }
  }
  for (const place of logPlaces) {
    router.get(`${place}/raw`, serve(true))
    router.get(`${place}/raw_inline`, serve(false))
  }
  return router
}

async function factsOf(db: Database, request: Request): Promise<LogFacts | undefined> {
  const { rows } = await db.pool.query<LogFacts>(toQuery(sql`
    SELECT l.id, l.slug, l.type, l.num_lines AS lines, l.complete, s.name AS step, b.number, r.name AS builder, w.name AS worker
    FROM logs l JOIN steps s ON s.id = l.step_id JOIN builds b ON b.id = s.build_id JOIN builders r ON r.id = b.builder_id JOIN workers w ON w.id = b.worker_id
    WHERE l.id = ${logId(pathParams(request))}`))
  return rows[0]
}

function describe(response: Response, { id, lines, complete, builder, number, step, slug, type }: LogFacts, attachment: boolean): void {
  response.set('content-type', `${type === 'h' ? 'text/html' : 'text/plain'}; charset=utf-8`)
  response.set(headersOf('foreign'))
  // Nothing is ever written over: so many lines of a log are always the same.
  response.set('etag', `W/"log-${id}-${lines}${complete ? '' : '-open'}"`)
  if (attachment) response.attachment(`${builder}_build_${number}_step_${step}_log_${slug}`.replaceAll(/[/\\]/g, '_')).type(type === 'h' ? 'html' : 'txt')
}

async function* textOf(db: Database, { id, type, builder, number, worker }: LogFacts): AsyncGenerator<Buffer | string> {
  const stdio = type === 's'
  if (stdio) yield `Builder: ${builder}\nBuild number: ${number}\nWorker name: ${worker}\n`
  yield* readWhole(db, id, { stdio })
}
