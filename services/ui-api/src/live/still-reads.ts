import { anonymous } from '@yardmaster/domain'
import type { IncomingMessage } from 'node:http'
import { callerNow } from '../access/caller-of.js'
import { Unauthorized } from '../access/callers.js'
import { requestPath } from '../access/request-path.js'
import { wwwOf } from '../access/www-of.js'
import type { Deps } from '../deps.js'

/** Whether who began this stream may still read it: a session may have ended since, a token been revoked, the rules be others. */
export async function stillReads(request: IncomingMessage, { access, settings, activeGeneration }: Pick<Deps, 'access' | 'settings' | 'activeGeneration'>): Promise<boolean> {
  try {
    const path = requestPath(request, settings)
    // What is open to all needs nobody looked up, thousands of times a minute.
    if (wwwOf({ activeGeneration }).auth.kind !== 'none' && access.mayRead(anonymous, path)) return true
    return access.mayRead(await callerNow(request), path)
  } catch (error) {
    // Without the database nothing is known of it, and nobody is sent away.
    return !(error instanceof Unauthorized)
  }
}
