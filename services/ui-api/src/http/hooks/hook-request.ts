import { HookError, isSecret } from '@yardmaster/integrations'
import type { SecretRef } from '@yardmaster/domain'
import { createHash } from 'node:crypto'
import type { Request } from 'express'
import type { Deps } from '../../deps.js'
import { isTooDeep, tooDeep } from '../bounds.js'

export const bodyOf = ({ body }: Request): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0))
export const digest = (body: Buffer) => createHash('sha256').update(body).digest('hex')
export const mediaType = (request: Request) => (request.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase()

/** Throws HookError (400). */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) throw new HookError(400, tooDeep)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new HookError(400, `the body is not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** Reading 25 MB of empty fields would hold up everybody else for seconds. */
const MOST_FIELDS = 1_000

/** Throws HookError (413). */
function checkFields(body: Buffer, between: string): void {
  for (let fields = 0, at = 0; fields < MOST_FIELDS; fields++) {
    at = body.indexOf(between, at) + between.length
    if (at < between.length) return
  }
  throw new HookError(413, `the form has more than ${MOST_FIELDS} fields`)
}

/** Throws HookError (413). */
export function fieldsIn(body: Buffer): URLSearchParams {
  checkFields(body, '&')
  return new URLSearchParams(body.toString('utf8'))
}

/** The fields of a form as `curl -d` or `curl -F` sends it; null: the body is no form. Throws HookError (400, 413). */
export async function formOf(request: Request): Promise<URLSearchParams | null> {
  const type = mediaType(request)
  const body = bodyOf(request)
  if (type === 'application/x-www-form-urlencoded') return fieldsIn(body)
  if (type !== 'multipart/form-data') return null
  checkFields(body, '\r\n\r\n')
  const parts = await new Response(new Uint8Array(body), { headers: { 'content-type': request.get('content-type') ?? '' } }).formData()
    .catch((error: unknown) => { throw new HookError(400, `the form cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error }) })
  return new URLSearchParams(await Promise.all([...parts].map(async ([name, value]): Promise<[string, string]> => [name, typeof value === 'string' ? value : await value.text()])))
}

/** Throws HookError (503) where the server was not given it: the host sends again. */
export function secretOf({ secrets }: Pick<Deps, 'secrets'>, secret: string | SecretRef | null): string | null {
  if (secret === null || typeof secret === 'string') return secret
  const value = secrets.get(secret.$secret)
  if (value === undefined) throw new HookError(503, `the secret '${secret.$secret}' of this hook is not set on the server`)
  return value
}

/** As password (Basic) or token (Bearer) of the header Authorization. Throws HookError (401). */
export function checkAuthorization(request: Request, expected: string): void {
  const [scheme = '', credentials = ''] = (request.get('authorization') ?? '').split(' ')
  const given = scheme.toLowerCase() === 'basic' ? Buffer.from(credentials, 'base64').toString('utf8').replace(/^[^:]*:/, '') : credentials
  if (!isSecret(given, expected)) throw new HookError(401, 'the secret is missing or wrong: it is wanted as password (Basic) or token (Bearer) in the header Authorization')
}
