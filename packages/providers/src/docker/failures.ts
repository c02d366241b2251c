import type { FailureClass } from '@yardmaster/domain'
import { connectionFailure } from '../connection-failures.js'
import { ProviderError } from '../provider-error.js'

/** The HTTP status of an error of dockerode's; null: there was no answer. */
export function statusOf(error: unknown): number | null {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : null
}

const codeOf = (error: unknown): string | null => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null)

/** In the daemon's own words. */
const byMessage: [RegExp, FailureClass][] = [
  [/no space left on device|toomanyrequests|rate limit/i, 'backoff'],
  [/executable file not found|no such file or directory: unknown|permission denied: unknown|invalid reference format|manifest( for .*)? (unknown|not found)|repository does not exist|pull access denied/i, 'configuration'],
  [/unauthorized|authentication required|incorrect username or password/i, 'alert'],
]

function classOf(status: number | null, message: string, code: string | null): FailureClass {
  const said = byMessage.find(([words]) => words.test(message))
  if (said) return said[1]
  if (status === null) return connectionFailure(code).needsPeople ? 'alert' : 'retry'
  if (status === 401 || status === 403) return 'alert'
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
    mayHaveHappened: status === null ? connectionFailure(code).mayHaveHappened : status >= 500,
  })
}
