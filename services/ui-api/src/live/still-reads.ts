import type { IncomingMessage } from 'node:http'
import { callerNow } from '../access/caller-of.js'
import { Unauthorized } from '../access/callers.js'
import { requestPath } from '../access/request-path.js'
import type { Deps } from '../deps.js'

/** Whether who began this stream may still read it: a session may have ended since, a token been revoked, the rules be others. */
export async function stillReads(request: IncomingMessage, { access, settings }: Pick<Deps, 'access' | 'settings'>): Promise<boolean> {
  try {
    return access.mayRead(await callerNow(request), requestPath(request, settings))
  } catch (error) {
    // Without the database nothing is known of it, and nobody is sent away.
    return !(error instanceof Unauthorized)
  }
}
