import { anonymous, type Caller } from '@yardmaster/domain'
import type { IncomingMessage } from 'node:http'

const callers = new WeakMap<IncomingMessage, Caller>()
const finders = new WeakMap<IncomingMessage, (request: IncomingMessage) => Promise<Caller>>()

/** Who sent the request, once that was found out; before, nobody in particular. */
export const callerOf = (request: IncomingMessage): Caller => callers.get(request) ?? anonymous

/** `find` finds it out again, later. */
export function setCaller(request: IncomingMessage, caller: Caller, find: (request: IncomingMessage) => Promise<Caller>): void {
  callers.set(request, caller)
  finders.set(request, find)
}

const foreign = new WeakSet<IncomingMessage>()

/** Sent by a page of another site. Only a token speaks for somebody there: a cookie, what a proxy says who has one, and being on this machine are of who looks at the page. */
export const isForeign = (request: IncomingMessage): boolean => foreign.has(request)

export function setForeign(request: IncomingMessage): void {
  foreign.add(request)
  delete request.headers.cookie
}

/** Who its cookie, token or proxy speaks for by now: a session may have ended, a token been revoked (then Unauthorized is thrown) since a stream began. */
export async function callerNow(request: IncomingMessage): Promise<Caller> {
  return await finders.get(request)?.(request) ?? callerOf(request)
}
