import { condemnInstance } from '@yardmaster/db/verbs/condemn-instance'
import type { Dismissal } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'

/** Condemns a machine, if it is still as it was looked at. */
export async function dismiss({ write, logger, advance }: Provisioning, { machine, uses, reason, building }: Dismissal): Promise<void> {
  const outcome = await write(tx => condemnInstance(tx, { instanceId: machine, reason, building, ...(building === 'leave' ? { uses } : {}) }))
  if (outcome !== 'condemned') return
  logger.info({ instance: machine, reason }, 'a machine is not wanted any more')
  advance()
}
