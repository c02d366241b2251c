import type { FailureClass, InstanceFailure } from '@yardmaster/domain'

export type Failure = InstanceFailure & { mayHaveHappened: boolean; retryAfterMs: number | null }

const classes: readonly string[] = ['retry', 'elsewhere', 'backoff', 'alert', 'configuration'] satisfies FailureClass[]
const HIDDEN = '***'
const MOST_TEXT = 500

/** What a provider's error means. What it does not say counts for the worst: it may have happened, and may work the next time. `hidden`: texts that must be in no row and no log. */
export function failureOf(error: unknown, hidden: readonly string[] = []): Failure {
  const about = (typeof error === 'object' && error !== null ? error : {}) as { failureClass?: unknown; mayHaveHappened?: unknown; retryAfterMs?: unknown; code?: unknown }
  const known = typeof about.failureClass === 'string' && classes.includes(about.failureClass)
  const code = typeof about.code === 'string' && known ? `${about.code}: ` : ''
  const text = `${code}${error instanceof Error ? error.message : String(error)}`
  return {
    class: known ? about.failureClass as FailureClass : 'retry',
    message: mask(text, hidden).slice(0, MOST_TEXT),
    mayHaveHappened: known ? about.mayHaveHappened === true : true,
    retryAfterMs: typeof about.retryAfterMs === 'number' ? about.retryAfterMs : null,
  }
}

/** The text without those that must be in no row and no log. */
export function mask(text: string, hidden: readonly string[]): string {
  return hidden.filter(secret => secret.length >= 4).reduce((masked, secret) => masked.replaceAll(secret, HIDDEN), text)
}

/** Ms before try number `tries` + 1, with jitter: doubling from `firstMs`. */
export function backoffMs({ tries, chance, firstMs, mostMs }: { tries: number; /** 0 <= x < 1 */ chance: number; firstMs: number; mostMs: number }): number {
  const whole = Math.min(firstMs * 2 ** Math.min(tries, 20), mostMs)
  return Math.round(whole * (0.5 + chance / 2))
}
