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

/** The fields of a form as `curl -d` or `curl -F` sends it; null: the body is no form. Throws HookError (400). */
export async function formOf(request: Request): Promise<URLSearchParams | null> {
  const type = mediaType(request)
  if (type === 'application/x-www-form-urlencoded') return new URLSearchParams(bodyOf(request).toString('utf8'))
  if (type !== 'multipart/form-data') return null
  const parts = await new Response(new Uint8Array(bodyOf(request)), { headers: { 'content-type': request.get('content-type') ?? '' } }).formData()
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
