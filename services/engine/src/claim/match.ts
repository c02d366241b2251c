import type { ClaimableRequest } from '@yardmaster/db/verbs/find-claimable'

/** A request and the name of the worker that is to build it. */
export type Match = { request: ClaimableRequest; worker: string }
