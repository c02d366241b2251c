import { rateLimitsDefaults } from '@yardmaster/domain'
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createAdmission, type Admission, type Admitted } from '../access/admission.js'
import { addressKey, clientKey } from '../access/client-key.js'
import { isTrustedProxy } from '../access/client-address.js'
import { createRateLimits } from '../access/rate-limits.js'
import type { Deps } from '../deps.js'
import { sendError } from './json.js'

/** Longer than anybody looks at an empty page, shorter than a query may take. */
const longestWaitMs = 8_000
/** An answer that never came to its end (its reader left) has done its work after this. */
const longestWorkMs = 15_000
const mostWaiting = 1_024
/** More than a page of ours asks at once, and than a browser sends on one connection. */
const mostWaitingOfOne = 128
const costs = { read: 1, change: 5, wholeLog: 20 }
/** What is added for the length of an answer. */
const bytesOfOne = 256 * 1024

const refusals = {
  own: { status: 429, retryAfter: 1, message: 'too many of your requests are waiting: ask for less at a time' },
  crowd: { status: 503, retryAfter: 2, message: 'more is asked than can be answered just now: try again' },
  late: { status: 503, retryAfter: 5, message: 'more is asked than can be answered just now: try again' },
} as const

export type Gate = {
  admit: RequestHandler
  /** Counts it for the limit per client, of what waits in no line. */
  count: RequestHandler
  /** Refuses what would be refused anyway, before anything is spent on it: beside a crawler that is most of what a process has to do. */
  turnAway(request: IncomingMessage, response: ServerResponse): boolean
}

/**
 * Lets in as much as can be worked on, and of each client as much as it may ask. What is read takes turns apart from what is changed,
 * since a change keeps its place while its body is on the way.
 */
export function openGate(deps: Pick<Deps, 'activeGeneration' | 'clock' | 'settings'>): Gate {
  const limits = createRateLimits(() => deps.activeGeneration()?.configuration.www.rateLimits ?? rateLimitsDefaults)
  // Some connections stay free for hooks, live events and sign-in, which do not wait in line.
  const places = Math.max(2, Math.floor((deps.settings.dbConnections - 1) * 2 / 3))
  const common = { clock: deps.clock, mostWaiting, mostWaitingOfOne, longestWaitMs }
  const reads = createAdmission({ ...common, places, kept: Math.ceil(places / 3) })
  const changes = createAdmission({ ...common, places: 96, kept: 32, mostInsideOfOne: 24 })
  const turnAway: Gate['turnAway'] = (request, response) => {
    if (request.method !== 'GET' || isKnown(request) || !/\/api\/(?:v2|latest|yard)\//.test(request.url ?? '')) return false
    if (!reads.isFull(addressKey(request), 'others')) return false
    const { status, retryAfter, message } = refusals.own
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': String(retryAfter), 'cache-control': 'no-store' }).end(JSON.stringify({ error: message }))
    return true
  }
  /** Whether it may go on; else it is answered. */
  const isWithin = async (request: Request, response: Response): Promise<boolean> => {
    const { client, rank } = clientKey(request)
    const consumed = await limits.take(client, rank, costOf(request))
    if (consumed) response.set(consumed.headers)
    if (consumed?.allowed === false) refuse(request, response, { status: 429, retryAfter: consumed.retryAfter, message: `more requests than you may send: again in ${consumed.retryAfter} s` })
    return consumed?.allowed !== false
  }
  const count: RequestHandler = async (request, response, next) => {
    if (await isWithin(request, response)) next()
  }
  const admit: RequestHandler = async (request, response, next) => {
    if (!await isWithin(request, response)) return
    const { client, rank } = clientKey(request)
    const entered = await enter(isReading(request) ? reads : changes, { client, rank }, response)
    if (entered.admitted) return begin(entered, response, next, { deps, charge: cost => limits.charge(client, rank, cost) })
    if (entered.because !== 'gone') refuse(request, response, refusals[entered.because])
  }
  return { admit, count, turnAway }
}

/** Whether somebody may turn out to have signed in. */
const isKnown = (request: IncomingMessage) => request.headers.cookie !== undefined || request.headers.authorization !== undefined || isTrustedProxy(request)

const departures = new WeakMap<Response, () => void>()

/** What is streamed gives its place back when it begins: how long it takes is its reader's pace. */
export function leaveEarly(response: Response): void {
  departures.get(response)?.()
}

const enter = (admission: Admission, { client, rank }: ReturnType<typeof clientKey>, response: Response) => admission.enter(client, rank, leave => void response.once('close', leave))

/** The place is given back when the answer is complete, not when its reader has taken it: slow readers hold nobody up. */
function begin({ leave }: Admitted & { admitted: true }, response: Response, next: NextFunction, { deps, charge }: { deps: Pick<Deps, 'clock'>; charge(cost: number): void }): void {
  const end = response.end.bind(response)
  let ended = false
  response.end = ((...given: Parameters<typeof end>) => {
    ended = true
    leave()
    const [body]: unknown[] = given
    if (typeof body === 'string' || Buffer.isBuffer(body)) {
      const cost = Math.floor(body.length / bytesOfOne)
      if (cost > 0) charge(cost)
    }
    return end(...given)
  }) as typeof response.end
  departures.set(response, leave)
  response.once('close', () => { if (!ended) deps.clock.setTimeout(leave, longestWorkMs) })
  next()
}

const isReading = ({ method }: Request): boolean => method === 'GET' || method === 'HEAD'

function costOf(request: Request): number {
  const { path } = request
  if (!isReading(request)) return costs.change
  return /\/raw(?:_inline)?$/.test(path) ? costs.wholeLog : costs.read
}

function refuse(request: Request, response: Response, { status, retryAfter, message }: { status: number; retryAfter: number; message: string }): void {
  response.set({ 'retry-after': String(retryAfter), 'cache-control': 'no-store' })
  if (request.method === 'POST') response.status(status).json({ error: { code: -32603, message } })
  else sendError(response, status, message)
}
