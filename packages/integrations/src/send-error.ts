/**
 * Why a message was not sent, by what is to be done. refused: the other side will never take it (a definite 4xx, an unknown recipient). again: it certainly did not take
 * it (no connection, 429, a full mailbox), so trying again does no harm. unknown: it may have taken it (an answer that was lost, a 5xx after the body was sent).
 */
export class SendError extends Error {
  override readonly name = 'SendError'
  readonly outcome: 'refused' | 'again' | 'unknown'
  /** What the other side asked for: not before so long. */
  readonly retryAfterMs: number | null
  /** Not before `retryAfterMs` to anybody there: a limit of the whole target. */
  readonly limited: boolean

  constructor(message: string, { outcome, retryAfterMs = null, limited = false, cause }: { outcome: 'refused' | 'again' | 'unknown'; retryAfterMs?: number | null; limited?: boolean; cause?: unknown }) {
    super(message, { cause })
    this.outcome = outcome
    this.retryAfterMs = retryAfterMs
    this.limited = limited
  }
}
