import { anonymous, type Caller } from '@yardmaster/domain'
import type { IncomingMessage } from 'node:http'

const callers = new WeakMap<IncomingMessage, Caller>()

/** Who sent the request, once that was found out; before, nobody in particular. */
export const callerOf = (request: IncomingMessage): Caller => callers.get(request) ?? anonymous

export function setCaller(request: IncomingMessage, caller: Caller): void {
  callers.set(request, caller)
}
