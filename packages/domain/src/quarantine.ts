import type { Quarantine } from './configuration.js'

/** For how many seconds a worker that has failed so often in a row gets no build; null: it still gets some. */
export function quarantineSeconds(quarantine: Quarantine | null, failures: number): number | null {
  if (quarantine === null || failures < quarantine.failures) return null
  return Math.min(quarantine.backoff * 2 ** (failures - quarantine.failures), quarantine.maxBackoff)
}
