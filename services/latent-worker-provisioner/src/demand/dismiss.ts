import { condemnInstance } from '@yardmaster/db/verbs/condemn-instance'
import { failInstance } from '@yardmaster/db/verbs/fail-instance'
import type { Dismissal } from '@yardmaster/domain'
import type { Provisioning } from '../deps.js'

/** Condemns a machine, if it is still as it was looked at. */
export async function dismiss({ write, logger, advance }: Provisioning, { machine, uses, reason, building, failed = false }: Dismissal): Promise<void> {
  const condemned = failed
    ? await write(tx => failInstance(tx, { id: machine, reason, building, unlessConnected: true, observed: null }))
    : await write(tx => condemnInstance(tx, { instanceId: machine, reason, building, ...(building === 'leave' ? { uses } : {}) })) === 'condemned'
  if (!condemned) return
  logger.info({ instance: machine, reason }, 'a machine is not wanted any more')
  advance()
}
