import type { Caller } from '@yardmaster/domain'
import type { IncomingMessage } from 'node:http'
import type { Deps } from '../deps.js'
import type { Asked } from './access.js'
import { callerOf } from './caller-of.js'
import { requestPath } from './request-path.js'

/** Who sends the request, if they may do that. Throws Forbidden. */
export async function authorize({ access, settings }: Pick<Deps, 'access' | 'settings'>, request: IncomingMessage, asked: Asked): Promise<Caller> {
  const caller = callerOf(request)
  await access.require(caller, { ...asked, path: requestPath(request, settings) })
  return caller
}
