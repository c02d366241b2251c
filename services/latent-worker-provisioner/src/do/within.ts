import type { Clock } from '@yardmaster/runtime'

/**
 * A provider's answer, or a rejection after `ms` or when `signal` aborts, also where the provider does not heed it: what was asked for may then have happened.
 */
export async function within<T>({ clock, signal, ms }: { clock: Clock; signal: AbortSignal; ms: number }, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController()
  const cancel = clock.setTimeout(() => late.abort(new Error(`no answer within ${ms / 1000} s`)), ms)
  const either = AbortSignal.any([signal, late.signal])
  const given = new Promise<never>((_, reject) => {
    if (either.aborted) reject(either.reason)
    either.addEventListener('abort', () => reject(either.reason), { once: true })
  })
  given.catch(() => {})
  try {
    return await Promise.race([ask(either), given])
  } finally {
    cancel()
  }
}
