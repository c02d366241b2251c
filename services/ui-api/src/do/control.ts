import type { Json } from '@yardmaster/domain'
import type { Deps } from '../deps.js'
import type { PathParams } from '../http/resources/places.js'

export type ControlRequest = { deps: Deps; params: PathParams; args: { [name: string]: unknown }; actor: string }

/** Does it in one transaction, and resolves to the JSON-RPC result once that is committed. Throws ControlError. */
export type Control = (request: ControlRequest) => Promise<Json>
