import { createHash, timingSafeEqual } from 'node:crypto'
import type { ChangeHooksConfig, SecretRef } from '@yardmaster/domain'
import type { DeliveryKey, NewChange } from '@yardmaster/db/verbs/add-change'
import { raw, Router, type NextFunction, type Request, type Response } from 'express'
import type { Deps } from '../deps.js'
import { acceptChanges } from '../do/accept-changes.js'
import { checkGithubSignature } from '../do/github-signature.js'
import { HookError } from '../do/hook-error.js'
import { readBaseHook } from '../do/read-base-hook.js'
import { readGithubHook } from '../do/read-github-hook.js'

/** GitHub's own limit for a payload. */
const largestBody = '25mb'

/** Change hooks: POST /change_hook/base and /change_hook/github, answered 2xx only once the changes are committed. They need neither scheduler nor engine. */
export function changeHookRoutes(deps: Deps): Router {
  const router = Router()
  const body = raw({ type: () => true, limit: largestBody })
  router.post(['/', '/base'], body, (request, response) => onBase(deps, request, response))
  router.post('/github', body, (request, response) => onGithub(deps, request, response))
  router.use((request: Request, response: Response) => {
    if (request.method !== 'POST') response.status(405).set('allow', 'POST').type('txt').send('a change hook is called by POST')
    else response.status(404).type('txt').send('there are the change hooks base and github')
  })
  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (!isRefusal(error)) return next(error)
    deps.logger.warn({ status: error.status, reason: error.message }, 'a change hook was refused')
    response.status(error.status).type('txt').send(error.message)
  })
  return router
}

/** Ours, and those of the parser (too large, cut off). */
function isRefusal(error: unknown): error is Error & { status: number } {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' && (error.status < 500 || error instanceof HookError)
}

async function onBase(deps: Deps, request: Request, response: Response): Promise<void> {
  const { secret } = configured(deps, 'base')
  const expected = secretOf(deps, secret)
  if (expected !== null && !carriesSecret(request, expected)) throw new HookError(401, 'the secret is missing or wrong: it is wanted as password (Basic) or token (Bearer) in the header Authorization')
  const body = bodyOf(request)
  const change = readBaseHook({ ...queryOf(request), ...fieldsOf(request, body) }, deps.clock.now())
  await accept(deps, response, { delivery: baseDelivery(request, change, body), changes: [change], note: '1 change found' })
}

async function onGithub(deps: Deps, request: Request, response: Response): Promise<void> {
  const { secret, strict, codebase } = configured(deps, 'github')
  const body = bodyOf(request)
  const signature = request.get('x-hub-signature-256')
  const expected = secretOf(deps, secret)
  if (signature === undefined && strict) throw new HookError(401, 'the header X-Hub-Signature-256 is missing: give the webhook at GitHub the secret of the configuration')
  if (signature !== undefined && expected !== null) checkGithubSignature(body, signature, expected)
  const event = request.get('x-github-event')
  if (event === undefined) throw new HookError(400, 'the header X-GitHub-Event is missing')
  const { changes, note } = readGithubHook(event, githubPayload(request, body), { codebase })
  await accept(deps, response, { delivery: { source: 'github', key: request.get('x-github-delivery') ?? digest(body) }, changes, note })
}

type Accepted = { delivery: DeliveryKey | null; changes: NewChange[]; note: string }

async function accept({ db, logger }: Deps, response: Response, { delivery, changes, note }: Accepted): Promise<void> {
  response.type('txt')
  if (changes.length === 0) return void response.status(200).send(note)
  const isNew = await acceptChanges(db, delivery, changes)
  logger.info({ delivery, changes: changes.length, isNew }, 'a change hook was accepted')
  if (isNew) response.status(202).send(note)
  else response.status(200).send('this delivery was accepted before')
}

/** Thrown 503s make the host (or a person) send it again once there is a configuration. */
function configured<Name extends keyof ChangeHooksConfig>({ activeGenerations }: Deps, name: Name): NonNullable<ChangeHooksConfig[Name]> {
  const generations = activeGenerations()
  if (generations.length === 0) throw new HookError(503, 'no configuration is active yet: send it again')
  // One address for all sets, and the changes go to each of them: a set that wants no secret must not open the door of one that does.
  const hooks = generations.map(({ configuration }) => configuration.changeHooks[name]).filter(found => found !== null)
  const hook = hooks.find(({ secret }) => secret !== null) ?? hooks[0]
  if (!hook) throw new HookError(400, `The dialect specified, '${name}', wasn't whitelisted in change_hook: add changeHooks.${name}() to the configuration`)
  return hook
}

function secretOf({ secrets }: Deps, secret: string | SecretRef | null): string | null {
  if (secret === null || typeof secret === 'string') return secret
  const value = secrets.get(secret.$secret)
  if (value === undefined) throw new HookError(503, `the secret '${secret.$secret}' of this hook is not set on the server`)
  return value
}

function carriesSecret(request: Request, expected: string): boolean {
  const [scheme = '', credentials = ''] = (request.get('authorization') ?? '').split(' ')
  const given = scheme.toLowerCase() === 'basic' ? Buffer.from(credentials, 'base64').toString('utf8').replace(/^[^:]*:/, '') : credentials
  // Digests are of one length, whatever was sent.
  return timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(expected).digest())
}

const bodyOf = ({ body }: Request): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0))
const digest = (body: Buffer) => createHash('sha256').update(body).digest('hex')
const mediaType = (request: Request) => (request.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase()
const queryOf = ({ originalUrl }: Request) => Object.fromEntries(new URL(originalUrl, 'http://localhost').searchParams)

/**
 * The same message sent again is no second change. Without an id of the sender, the same revision in the same words is the same message;
 * a message that names no revision asks for a build of what is newest, each time anew.
 */
function baseDelivery(request: Request, change: NewChange, body: Buffer): DeliveryKey | null {
  const id = request.get('idempotency-key')
  if (id !== undefined) return { source: 'base', key: id }
  return change.revision === null ? null : { source: 'base', key: digest(Buffer.concat([Buffer.from(request.originalUrl), body])) }
}

function fieldsOf(request: Request, body: Buffer): { [field: string]: unknown } {
  if (mediaType(request) !== 'application/json') return Object.fromEntries(new URLSearchParams(body.toString('utf8')))
  const given = parseJson(body.toString('utf8'))
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new HookError(400, 'the body is not a JSON object with the fields of a change')
  return Object.fromEntries(Object.entries(given))
}

function githubPayload(request: Request, body: Buffer): unknown {
  const type = mediaType(request)
  if (type === 'application/json') return parseJson(body.toString('utf8'))
  if (type !== 'application/x-www-form-urlencoded') throw new HookError(400, `Unknown content type: ${type ?? ''}`)
  return parseJson(new URLSearchParams(body.toString('utf8')).get('payload') ?? '')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new HookError(400, `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
