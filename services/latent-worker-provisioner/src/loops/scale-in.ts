import { transaction } from '@yardmaster/db'
import { condemnInstance } from '@yardmaster/db/verbs/condemn-instance'
import { hasPools } from '@yardmaster/db/verbs/read-demand'
import { planDemand, planScaleIn, type Dismissal } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'
import type { Looking } from '../demand/look.js'

/** Writes down which machines are not wanted any more; `setAlarm`: when it has to look again. */
export function scaleIn(deps: Provisioning, { look }: Looking, setAlarm: (epochMs: number | null) => void): (signal: AbortSignal) => Promise<void> {
  return async signal => {
    const generation = deps.generations.active()
    if (!generation || !await hasPools(deps.db, deps.set)) return setAlarm(null)
    const { world, requests, locks } = await look(generation)
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

async function dismiss({ db, fence, logger, advance }: Provisioning, { machine, uses, reason, building }: Dismissal): Promise<void> {
  const outcome = await transaction(db, fence, tx => condemnInstance(tx, { instanceId: machine, reason, building, ...(building === 'leave' ? { uses } : {}) }))
  if (outcome !== 'condemned') return
  logger.info({ instance: machine, reason }, 'a machine is not wanted any more')
  advance()
}
