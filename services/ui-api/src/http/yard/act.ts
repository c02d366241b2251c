import { transaction, type Transaction } from '@yardmaster/db'
import { recordControl } from '@yardmaster/db/verbs/record-control'
import type { Json } from '@yardmaster/domain'
import type { Request } from 'express'
import type { Asked } from '../../access/access.js'
import { authorize } from '../../access/authorize.js'
import type { Deps } from '../../deps.js'

type Act = Asked & { /** As it is kept: no secrets. */ parameters?: { [name: string]: Json } }

/**
 * Does it, if the caller may, in one transaction with the record of who did it; what comes to nothing (null or false) is not recorded.
 * `work` may be run again, so it has no effect but its SQL. Throws Forbidden.
 */
export async function act<T>(deps: Pick<Deps, 'db' | 'logger' | 'access' | 'settings'>, request: Request, { parameters = {}, ...asked }: Act, work: (tx: Transaction, actor: string) => Promise<T>): Promise<T> {
  const { actor, from } = await authorize(deps, request, asked)
  const { action, thing, id } = asked
  const done = await transaction(deps.db, null, async tx => {
    const outcome = await work(tx, actor)
    if (outcome !== null && outcome !== false) await recordControl(tx, { actor, action, thing, thingId: id, parameters, from })
    return outcome
  })
  deps.logger.info({ actor, action, [thing]: id }, 'control')
  return done
}
