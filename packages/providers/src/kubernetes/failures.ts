import type { FailureClass } from '@yardmaster/domain'
import { ApiException } from '@kubernetes/client-node'
import { ProviderError } from '../provider-error.js'

type Status = { message?: string; reason?: string; details?: { retryAfterSeconds?: number } }

export const codeOf = (error: unknown): number | null => (error instanceof ApiException ? error.code : null)

/** What the API server says of a failure; proxies before it may say anything. */
function statusIn(error: unknown): Status {
  const body: unknown = error instanceof ApiException ? error.body : null
  if (typeof body !== 'string') return typeof body === 'object' && body !== null ? body : {}
  try {
    const read: unknown = JSON.parse(body)
    return typeof read === 'object' && read !== null ? read : { message: body.slice(0, 200) }
  } catch {
    return { message: body.slice(0, 200) }
  }
}

function classOf(code: number | null, { message = '' }: Status): FailureClass {
  if (code === null) return 'retry'
  if (/exceeded quota|insufficient quota/i.test(message) || code === 429) return 'backoff'
  if (code === 401 || code === 403) return 'alert'
  // A namespace that is being deleted says so, by 403 too.
  return code === 400 || code === 404 || code === 422 ? 'configuration' : 'retry'
}

/** Said before there was a connection. */
const unreached = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|CERT_|SELF_SIGNED|UNABLE_TO_VERIFY/

export function failure(doing: string, error: unknown): ProviderError {
  if (error instanceof ProviderError) return error
  const code = codeOf(error)
  const status = statusIn(error)
  const { message: said = error instanceof Error && code === null ? error.message : 'no reason given', reason, details } = status
  const unheard = code === null && error instanceof Error && unreached.test('code' in error ? String(error.code) : error.message)
  return new ProviderError(`Kubernetes: cannot ${doing}: ${said}`, {
    failureClass: classOf(code, status), code: reason ?? (code === null ? null : `HTTP_${code}`), cause: error, mayHaveHappened: code === null ? !unheard : code >= 500,
    retryAfterMs: details?.retryAfterSeconds === undefined ? null : details.retryAfterSeconds * 1_000,
  })
}
