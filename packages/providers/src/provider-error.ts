import type { FailureClass } from '@yardmaster/domain'

/** A provider could not do what it was asked. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
  readonly failureClass: FailureClass
  /** The provider's own word, such as SERVER_CORE_LIMIT_REACHED. */
  readonly code: string | null
  /** Whether what was asked for may have been done all the same: the answer was lost, or cannot be trusted. */
  readonly mayHaveHappened: boolean
  /** When the provider says so. */
  readonly retryAfterMs: number | null

  constructor(message: string, about: { failureClass: FailureClass; code?: string | null; mayHaveHappened?: boolean; retryAfterMs?: number | null; cause?: unknown }) {
    super(message, { cause: about.cause })
    this.failureClass = about.failureClass
    this.code = about.code ?? null
    this.mayHaveHappened = about.mayHaveHappened ?? false
    this.retryAfterMs = about.retryAfterMs ?? null
  }
}
