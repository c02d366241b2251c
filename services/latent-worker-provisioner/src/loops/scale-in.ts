import { hasPools } from '@yardmaster/db/verbs/read-demand'
import { planDemand, planScaleIn } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'
import { dismiss } from '../demand/dismiss.js'
import type { Looking } from '../demand/look.js'

/** Writes down which machines are not wanted any more; `setAlarm`: when it has to look again. */
export function scaleIn(deps: Provisioning, { look }: Looking, setAlarm: (epochMs: number | null) => void): (signal: AbortSignal) => Promise<void> {
  return async signal => {
    const generation = deps.generations.active()
    if (!generation || !await hasPools(deps.db, deps.set)) return setAlarm(null)
    const seen = await look(generation)
    if (!seen) return setAlarm(null)
    const { world, requests, locks } = seen
    const { dismissals, nextAt } = planScaleIn(world, planDemand(world, { requests, locks: locks(), barred: new Map() }))
    for (const dismissal of dismissals) {
      if (signal.aborted) return
      await dismiss(deps, dismissal)
    }
    // The row's clock says how long, ours when.
    setAlarm(nextAt === null ? null : deps.clock.now() + Math.max(nextAt - world.now, 0) + ALARM_SLACK_MS)
  }
}

/** A moment late finds what is due; one early would look twice. */
const ALARM_SLACK_MS = 5
