import { transaction } from '@yardmaster/db'
import { recordControl } from '@yardmaster/db/verbs/record-control'
import { isStranger, type Caller } from '@yardmaster/domain'
import { Router, text, type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import { z } from 'zod'
import { Forbidden } from '../access/access.js'
import { authorize } from '../access/authorize.js'
import { callerOf } from '../access/caller-of.js'
import { authOf } from '../access/www-of.js'
import type { Deps } from '../deps.js'
import { controls, type Controlled } from '../do/controls.js'
import { ControlError, controlCodes } from '../do/control-error.js'
import { forcedBuilderNames } from '../do/force.js'
import { findId } from '../do/find-id.js'
import { recordedParameters } from '../do/recorded-parameters.js'
import { isTooDeep, tooDeep } from './bounds.js'
import { sortKeys } from './json.js'
import { InvalidPath } from './resources/places.js'
import { invalidPath, pathParams } from './path-params.js'

const body = text({ type: () => true, limit: '1mb' })

type Call = { method: string; id: string | number | boolean | null; params: { [name: string]: unknown } }

/** The control actions: JSON-RPC 2.0, POSTed to the path of the thing that they act on. */
export function controlRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  for (const controlled of controls) router.post(controlled.path, bodyOf(deps, controlled), perform(deps, controlled))
  return router
}

/** What is long is kept in memory before it is known what it asks for: not of whoever comes along, where people sign in. */
function bodyOf(deps: Deps, { limit }: Controlled): RequestHandler {
  if (limit === undefined) return body
  const long = text({ type: () => true, limit })
  return (request, response, next) => {
    const caller = callerOf(request)
    const read = caller.kind === 'anonymous' && (isStranger(caller) || authOf(deps).kind !== 'none') ? body : long
    read(request, response, next)
  }
}

/** For the paths that can only be read. */
export const unknownAction = refusing((_request, { method }) => new ControlError(501, controlCodes.methodNotFound, `action: ${method} is not supported`))

/** For the paths that there are not. */
export const unknownPath = refusing(request => new ControlError(404, controlCodes.invalidRequest, invalidPath(request)))

/** What is wrong with the call itself is said first, as in Buildbot. */
function refusing(refusalOf: (request: Request, call: Call) => ControlError): RequestHandler[] {
  return [body, (request, response) => {
    const call = read(request, response)
    if (call) refuse(response, call.id, refusalOf(request, call))
  }]
}

function perform(deps: Deps, { thing, id: idIn, actions }: Controlled): RequestHandler {
  return async (request: Request, response: Response, next: NextFunction) => {
    const call = read(request, response)
    if (!call) return
    try {
      const action = Object.hasOwn(actions, call.method) ? actions[call.method] : undefined
      if (!action) throw new ControlError(501, controlCodes.methodNotFound, `action: ${call.method} is not supported`)
      const params = pathParams(request)
      const thingId = await findId(deps.db, thing, { id: idIn(params), path: request.path })
      const builderNames = call.method === 'force' ? await forcedBuilderNames(deps, params['scheduler'] ?? '', call.params) : undefined
      const { actor, from, ...caller } = await authorize(deps, request, { action: call.method, thing, id: thingId, ...(builderNames && { builderNames }) })
      const owner = ownerOf(caller)
      const control = typeof action === 'function' ? action : await action.prepare({ deps, params, args: call.params, actor, owner })
      const result = await transaction(deps.db, null, async tx => {
        const done = await control(tx, { deps, id: thingId, params, args: call.params, actor, owner })
        await recordControl(tx, { actor, action: call.method, thing, thingId, parameters: recordedParameters(call.method, call.params), from })
        return done
      })
      deps.logger.info({ actor, action: call.method, path: request.path }, 'control')
      send(response, sortKeys({ jsonrpc: '2.0', id: call.id, result }))
    } catch (error) {
      if (error instanceof InvalidPath) refuse(response, call.id, new ControlError(404, controlCodes.invalidRequest, invalidPath(request)))
      else if (error instanceof ControlError || error instanceof Forbidden) refuse(response, call.id, error)
      else next(error)
    }
  }
}

/** As Buildbot names who has signed in. */
const ownerOf = ({ email, username, fullName }: Pick<Caller, 'email' | 'username' | 'fullName'>): string | null => email || username || fullName

/** Past express, which would add a charset: Buildbot's answers have none. */
function send(response: Response, answer: unknown): void {
  response.setHeader('content-type', 'application/json')
  response.send(Buffer.from(JSON.stringify(answer)))
}

/** `id` of the call; undefined: it cannot be read, and then Buildbot's answer has none. */
function refuse(response: Response, id: Call['id'] | undefined, error: unknown): void {
  const { status, code, message } = error instanceof ControlError ? { status: error.status, code: error.code, message: error.fields ?? error.message }
    : { status: error instanceof Forbidden ? error.status : 404, code: controlCodes.invalidRequest, message: error instanceof Error ? error.message : String(error) }
  send(response.status(status), { jsonrpc: '2.0', id, error: { code, message } })
}

const invalid = (message: string) => new ControlError(400, controlCodes.invalidRequest, message)

/** Null: it is none, and has been refused. */
function read(request: Request, response: Response): Call | null {
  try {
    return callOf(request)
  } catch (error) {
    refuse(response, undefined, error)
    return null
  }
}

/** In Python true and false are numbers, and 1.5 is none that counts. */
const callId = z.union([z.string(), z.number().refine(Number.isInteger), z.boolean(), z.null()])
const members = [
  { name: 'jsonrpc', schema: z.string(), expected: 'a string' },
  { name: 'method', schema: z.string(), expected: 'a string' },
  { name: 'id', schema: callId, expected: 'a string, number, or null' },
  { name: 'params', schema: z.record(z.string(), z.unknown()), expected: 'an object' },
] as const

const callSchema = z.object({ jsonrpc: z.string(), method: z.string(), id: callId, params: z.record(z.string(), z.unknown()) })

function callOf(request: Request): Call {
  // A form in a foreign page can post to us, but not with this type.
  if ((request.headers['content-type'] ?? '').split(';')[0]?.trim() !== 'application/json') throw invalid('Invalid content-type (use application/json)')
  const given = parse(request.body)
  if (Array.isArray(given)) throw invalid('JSONRPC batch requests are not supported')
  if (typeof given !== 'object' || given === null) throw invalid('JSONRPC root object must be an object')
  const object = new Map(Object.entries(given))
  for (const { name, schema, expected } of members) {
    if (!object.has(name)) throw invalid(`missing key '${name}'`)
    if (!schema.safeParse(object.get(name)).success) throw invalid(`'${name}' must be ${expected}`)
  }
  const call = callSchema.parse(given)
  if (call.jsonrpc !== '2.0') throw invalid('only JSONRPC 2.0 is supported')
  return call
}

function parse(body: unknown): unknown {
  const json = String(body)
  if (isTooDeep(json)) throw new ControlError(400, controlCodes.parseError, `JSON parse error: ${tooDeep}`)
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new ControlError(400, controlCodes.parseError, `JSON parse error: ${error instanceof Error ? error.message : String(error)}`)
  }
}
