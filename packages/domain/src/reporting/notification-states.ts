/** waiting and sending are open; of unknown nobody knows whether it arrived. */
export type NotificationState = 'waiting' | 'sending' | 'sent' | 'superseded' | 'refused' | 'gave_up' | 'unknown'
export type AttemptOutcome = 'sent' | 'refused' | 'again' | 'unknown'

export type AttemptEnd = {
  outcome: AttemptOutcome
  delivery: 'status' | 'message'
  onUnknown: 'stop' | 'retry'
  /** There is a newer status of the same subject. */
  newer: boolean
  /** The next try would still be before the deadline. */
  inTime: boolean
}

/** What a notification becomes by an attempt. A status does no harm twice; a message is never sent twice unless its reporter says so. */
export function afterAttempt({ outcome, delivery, onUnknown, newer, inTime }: AttemptEnd): NotificationState {
  if (outcome === 'sent' || outcome === 'refused') return outcome
  if (outcome === 'unknown' && delivery === 'message' && onUnknown === 'stop') return 'unknown'
  if (delivery === 'status' && newer) return 'superseded'
  return inTime ? 'waiting' : 'gave_up'
}

const FIRST_MS = 2_000
const LONGEST_MS = 300_000

/** Milliseconds until the next try after so many; `chance` (0 to 1) spreads those that failed together. */
export function retryDelay(attempts: number, chance: number): number {
  return Math.round(Math.min(FIRST_MS * 2 ** (attempts - 1), LONGEST_MS) * (0.5 + chance / 2))
}

/** At one target at once. */
export const SENDINGS_AT_ONCE = 4
/** After so many failures in a row, of whatever message, the target is taken to be down: it is tried with one at a time, and with pauses. */
export const FAILURES_OF_A_TARGET = 8
