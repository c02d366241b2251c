import type { FailureClass } from '@yardmaster/domain'
import { ProviderError } from '../provider-error.js'

/** The HTTP status of an error of dockerode's; null: there was no answer. */
export function statusOf(error: unknown): number | null {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : null
}

const codeOf = (error: unknown): string | null => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null)

/** There was no connection, so nothing can have happened. */
const unreached = ['ECONNREFUSED', 'ENOENT', 'EACCES', 'EPERM', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_TLS_CERT_ALTNAME_INVALID']

/** In the daemon's own words. */
const byMessage: [RegExp, FailureClass][] = [
  [/no space left on device|toomanyrequests|rate limit/i, 'backoff'],
  [/executable file not found|no such file or directory: unknown|permission denied: unknown|invalid reference format|manifest( for .*)? (unknown|not found)|repository does not exist|pull access denied/i, 'configuration'],
  [/unauthorized|authentication required|incorrect username or password/i, 'alert'],
]

function classOf(status: number | null, message: string, code: string | null): FailureClass {
  const said = byMessage.find(([words]) => words.test(message))
  if (said) return said[1]
  if (code === 'EACCES' || code === 'EPERM' || status === 401 || status === 403) return 'alert'
  return status === 400 || status === 404 ? 'configuration' : status === 429 ? 'backoff' : 'retry'
}

/** What went wrong with a Docker host at `doing`. */
export function failure(url: string, doing: string, error: unknown): ProviderError {
  if (error instanceof ProviderError) return error
  const status = statusOf(error)
  const code = codeOf(error)
  const message = (error instanceof Error ? error.message : String(error)).trim()
  return new ProviderError(`Docker host ${url}: cannot ${doing}: ${message}`, {
    failureClass: classOf(status, message, code), code: code ?? (status === null ? null : `HTTP_${status}`), cause: error,
    mayHaveHappened: status === null ? !unreached.includes(code ?? '') : status >= 500,
  })
}
