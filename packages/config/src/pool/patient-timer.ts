import type { Timer } from '../host/evaluate.js'

const TURNS = 10

/**
 * Calls `fn` after `ms` in which this process ran. Each turn counts as its own length however late it comes: what a thread may
 * take is not used up while the whole process stands still (SIGSTOP, a suspended machine) or gets no processor.
 */
export function patientTimer(timer: Timer, fn: () => void, ms: number): () => void {
  let left = TURNS
  let cancel = (): void => undefined
  const next = (): void => { cancel = timer(() => (--left === 0 ? fn() : next()), ms / TURNS) }
  next()
  return () => cancel()
}
