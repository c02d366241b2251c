import type { HttpAnswer } from './exchange.js'

const LEAST_MS = 1_000
/** What GitHub asks for where a limit says nothing itself. */
const UNSAID_MS = 60_000
const LONGEST_MS = 3_600_000

/**
 * Whether an answer is that of a limit, and how long it asks to wait. GitHub answers its limits 403 as well as 429, with `retry-after`, or with no requests remaining until
 * `x-ratelimit-reset`, or only in words; GitLab has `ratelimit-reset`.
 */
export function limitOf({ status, headers, text }: HttpAnswer, now: number): { retryAfterMs: number } | null {
  const after = header(headers['retry-after'])
  const spent = headers['x-ratelimit-remaining'] === '0' || headers['ratelimit-remaining'] === '0'
  const isLimit = status === 429 || (status === 403 && (after !== null || spent || /rate limit|abuse/i.test(text))) || (status === 503 && after !== null)
  if (!isLimit) return null
  const asked = waitOf(after, now) ?? (spent ? untilReset(header(headers['x-ratelimit-reset']) ?? header(headers['ratelimit-reset']), now) : null)
  return { retryAfterMs: Math.min(Math.max(asked ?? UNSAID_MS, LEAST_MS), LONGEST_MS) }
}

const header = (value: string | string[] | undefined): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** Seconds, which some hosts tell with a fraction, or a date. */
function waitOf(after: string | null, now: number): number | null {
  if (after === null) return null
  const milliseconds = /^\d+(\.\d+)?$/.test(after) ? Math.ceil(Number(after) * 1_000) : Date.parse(after) - now
  return Number.isFinite(milliseconds) ? milliseconds : null
}

/** Epoch seconds of the host's clock. */
function untilReset(reset: string | null, now: number): number | null {
  return reset !== null && /^\d+$/.test(reset) ? Number(reset) * 1_000 - now : null
}
