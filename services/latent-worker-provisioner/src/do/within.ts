import type { Clock } from '@yardmaster/runtime'

/**
 * A provider's answer, or a rejection after `ms` or when `signal` aborts, also where the provider does not heed it: what was asked for may then have happened.
 */
export async function within<T>({ clock, signal, ms }: { clock: Clock; signal: AbortSignal; ms: number }, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ended = new AbortController()
  const cancel = clock.setTimeout(() => ended.abort(new Error(`no answer within ${ms / 1000} s`)), ms)
  // Not AbortSignal.any: what it makes of a signal that lives as long as the process would, too.
  const pass = () => ended.abort(signal.reason)
  signal.addEventListener('abort', pass)
  const given = new Promise<never>((_, reject) => {
    ended.signal.addEventListener('abort', () => reject(ended.signal.reason), { once: true })
    if (signal.aborted) pass()
  })
  given.catch(() => {})
  try {
    return await Promise.race([ask(ended.signal), given])
  } finally {
    cancel()
    signal.removeEventListener('abort', pass)
  }
}
