import { transaction } from '@yardmaster/db'
import { recordRefusal } from '@yardmaster/db/verbs/record-refusal'
import type { Caller } from '@yardmaster/domain'
import type { IncomingMessage } from 'node:http'
import type { Deps } from '../deps.js'
import { Forbidden, type Asked } from './access.js'
import { callerOf } from './caller-of.js'
import { clientAddress } from './client-address.js'
import { network } from './client-key.js'
import { requestPath } from './request-path.js'

/** By whose right, how and from where something is asked for, as it is kept with it. */
export type From = { username: string | null; via: Caller['kind']; address: string }

/** Who sends the request, if they may do that; what they may not is kept, too. Throws Forbidden. */
export async function authorize({ access, db, logger, settings }: Pick<Deps, 'access' | 'db' | 'logger' | 'settings'>, request: IncomingMessage, asked: Asked): Promise<Caller & { from: From }> {
  const caller = callerOf(request)
  const from: From = { username: caller.username, via: caller.kind, address: clientAddress(request) }
  try {
    await access.require(caller, { ...asked, path: requestPath(request, settings) })
  } catch (error) {
    if (!(error instanceof Forbidden)) throw error
    const { action, thing, id } = asked
    logger.info({ actor: caller.actor, address: from.address, action, [thing]: id }, 'control refused')
    // By its network: of IPv6 addresses one machine has enough to be unbounded.
    await transaction(db, null, tx => recordRefusal(tx, { actor: caller.actor, action, thing, thingId: id, from: { ...from, address: network(from.address) }, note: error.message }))
    throw error
  }
  return { ...caller, from }
}
