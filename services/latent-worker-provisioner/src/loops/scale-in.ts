import type { Provisioning } from '../deps.js'

/** Writes down which machines are not wanted any more; `setAlarm`: when it has to look again. */
export function scaleIn(_deps: Provisioning, _setAlarm: (epochMs: number | null) => void): () => Promise<void> {
  return () => Promise.resolve()
}
