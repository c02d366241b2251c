import type { Observed } from './instance-states.js'

/** Of a machine that is wanted: what its provider says and what its worker does. Seconds. */
export type HealthFacts = {
  observed: Observed
  /** Since its provider says this. */
  observedFor: number
  /** Its worker has been connected once. */
  everConnected: boolean
  connected: boolean
  /** Since its worker could have come, or was here last: engines to come to counted only. */
  awaitedFor: number
  missingTimeout: number
  detail: string | null
}

/** UpCloud's error state goes by itself, mostly. */
const ERROR_GRACE = 60
const STOPPED_GRACE = 10
const ABSENT_GRACE = 3

/** Why a machine that is wanted is no good any more, or null. */
export function deathOf(facts: HealthFacts): string | null {
  const { observed, observedFor, everConnected, connected, awaitedFor, missingTimeout, detail } = facts
  const told = detail === null || detail === observed ? '' : ` (${detail})`
  const before = everConnected ? '' : ' before its worker connected'
  if (observed === 'absent' && observedFor >= ABSENT_GRACE) return `the machine is not there any more${before}`
  if ((observed === 'stopped' || observed === 'stopping') && observedFor >= STOPPED_GRACE) return `the machine stopped${told}${before}`
  if (connected) return null
  if (observed === 'error' && observedFor >= ERROR_GRACE) return `the machine is in error${told} for ${Math.round(observedFor)} s${before}`
  if (awaitedFor < missingTimeout) return null
  return everConnected ? `its worker did not connect again within ${missingTimeout} s` : `its worker did not connect within ${missingTimeout} s`
}
