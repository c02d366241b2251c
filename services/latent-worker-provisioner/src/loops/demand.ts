import type { Provisioning } from '../deps.js'

/** Writes down which machines are wanted. */
export function meetDemand(_deps: Provisioning): () => Promise<void> {
  return () => Promise.resolve()
}
