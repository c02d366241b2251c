import type { FailureClass } from '@yardmaster/domain'
import { ApiException } from '@kubernetes/client-node'
import { connectionFailure } from '../connection-failures.js'
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

/** The system's, of a call that had no answer. */
const systemCode = (error: unknown): string | null => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null)

export function failure(doing: string, error: unknown): ProviderError {
  if (error instanceof ProviderError) return error
  const code = codeOf(error)
  const status = statusIn(error)
  const { message: said = error instanceof Error && code === null ? error.message : 'no reason given', reason, details } = status
  const { mayHaveHappened, needsPeople } = connectionFailure(systemCode(error))
  return new ProviderError(`Kubernetes: cannot ${doing}: ${said}`, {
    failureClass: code === null && needsPeople ? 'alert' : classOf(code, status), code: reason ?? (code === null ? systemCode(error) : `HTTP_${code}`), cause: error,
    mayHaveHappened: code === null ? mayHaveHappened : code >= 500,
    retryAfterMs: details?.retryAfterSeconds === undefined ? null : details.retryAfterSeconds * 1_000,
  })
}
