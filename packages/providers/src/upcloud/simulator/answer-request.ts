import type { IncomingMessage, ServerResponse } from 'node:http'
import { isRecord, type Json } from '@yardmaster/domain'
import type { Clock } from '@yardmaster/runtime'
import { ApiError } from './api-error.js'
import type { Answer } from './api/call.js'
import { findRoute } from './api/routes.js'
import { authenticate } from './authenticate.js'
import { strikeOf, type FaultTarget, type Strikes } from './faults.js'
import { prettyJson } from './pretty.js'
import { randomText } from './seeded-random.js'
import type { World } from './world.js'

const largestBody = 4 * 1024 * 1024
const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

export async function readBody(request: IncomingMessage): Promise<Json | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > largestBody) throw new ApiError(400, 'REQUEST_INVALID', 'The request body is too large.')
    chunks.push(bytes)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError(400, 'REQUEST_INVALID', 'The request body is not valid JSON.')
  }
}

/** Sorted by time, as the real one's correlation ids. */
function correlationId(world: World, clock: Clock): string {
  let time = Math.floor(clock.now())
  let text = ''
  for (let digit = 0; digit < 10; digit++) {
    text = (crockford[time % 32] ?? '0') + text
    time = Math.floor(time / 32)
  }
  return text + randomText(16, crockford, world.idRandom)
}

function errorAnswer(error: unknown): Answer {
  if (error instanceof ApiError) return { status: error.status, body: { error: { error_code: error.code, error_message: error.message } } }
  return { status: 500, body: { error: { error_code: 'SERVICE_ERROR', error_message: `The simulator failed: ${error instanceof Error ? error.message : String(error)}` } } }
}

function write(response: ServerResponse, answer: Answer, headers: { [name: string]: string }): void {
  response.statusCode = answer.status
  for (const [name, value] of Object.entries({ Server: 'Apache', 'Strict-Transport-Security': 'max-age=63072000', ...headers })) response.setHeader(name, value)
  if (answer.total !== undefined) response.setHeader('Upcloud-Total-Count', String(answer.total))
  if (answer.status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="UpCloud API"')
  if (answer.body === undefined) {
    response.end()
    return
  }
  response.setHeader('Content-Type', answer.compact ? 'application/json' : 'application/json; charset=UTF-8')
  response.end(answer.compact ? JSON.stringify(answer.body) : `${prettyJson(answer.body)}\n`)
}

const statusCodes: { [status: number]: string } = { 401: 'AUTHENTICATION_FAILED', 402: 'INSUFFICIENT_CREDITS', 403: 'ACTION_FORBIDDEN', 404: 'NOT_FOUND', 409: 'SERVER_STATE_ILLEGAL', 429: 'RATE_LIMITED' }

function faultAnswer(rule: { status: number; code?: string | undefined; message?: string | undefined }): Answer {
  const code = rule.code ?? statusCodes[rule.status] ?? (rule.status >= 500 ? 'SERVICE_ERROR' : 'REQUEST_INVALID')
  return { status: rule.status, body: { error: { error_code: code, error_message: rule.message ?? 'An injected fault.' } } }
}

function targetOf(method: string, path: string, body: Json | undefined): FaultTarget {
  const server = isRecord(body) ? body['server'] : undefined
  const field = (name: string) => {
    const value = isRecord(server) ? server[name] : undefined
    return typeof value === 'string' ? value : null
  }
  return { method, path, zone: field('zone'), plan: field('plan') }
}

type Asked = { method: string; url: URL; path: string; body: Json | undefined; authorization: string | undefined; caller: string; origin: string }

async function carryOut(world: World, { method, url, path, body, authorization, caller, origin }: Asked, strikes: Strikes): Promise<Answer> {
  try {
    const account = authenticate(world, authorization, caller)
    const found = findRoute(method, path)
    if (found === 'path') throw new ApiError(404, 'NOT_FOUND', 'The requested resource does not exist.')
    if (found === 'method') throw new ApiError(405, 'METHOD_NOT_ALLOWED', `The method ${method} is not allowed on this resource.`)
    return await found.handler({ world, account, params: found.params, query: url.searchParams, body, strikes, origin })
  } catch (error) {
    return errorAnswer(error)
  }
}

const version = '/1.3'

/** Answers one request to the API, with what faults make of it. */
export async function answerRequest(world: World, clock: Clock, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = request.method ?? 'GET'
  const url = new URL(request.url ?? '/', 'http://simulator')
  const headers = { Date: new Date(world.clock.now()).toUTCString(), 'Upcloud-Cid': correlationId(world, clock) }
  if (url.pathname !== version && !url.pathname.startsWith(`${version}/`)) {
    write(response, errorAnswer(new ApiError(404, 'API_VERSION_INVALID', 'The API version is invalid.')), headers)
    return
  }
  const path = url.pathname.slice(version.length)
  let body: Json | undefined
  try {
    body = await readBody(request)
  } catch (error) {
    write(response, errorAnswer(error), headers)
    return
  }
  const strikes = world.faults.strike(targetOf(method, path, body))
  const delay = strikeOf(strikes, 'delay')
  if (delay && !delay.after) await clock.sleep(delay.ms)
  if (strikeOf(strikes, 'lostRequest')) {
    request.socket.destroy()
    return
  }
  const refusal = strikeOf(strikes, 'status')
  const asked = { method, url, path, body, authorization: request.headers.authorization, caller: request.socket.remoteAddress ?? '', origin: `http://${request.headers.host ?? ''}` }
  const answer = refusal ? faultAnswer(refusal) : await carryOut(world, asked, strikes)
  if (delay?.after) await clock.sleep(delay.ms)
  if (strikeOf(strikes, 'lostAnswer')) {
    request.socket.destroy()
    return
  }
  const spoiled = strikeOf(strikes, 'failedAfterDone')
  const said = spoiled ? faultAnswer(spoiled) : answer
  const retryAfter = refusal?.retryAfterSeconds ?? spoiled?.retryAfterSeconds
  write(response, said, { ...headers, ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }) })
}
