import type { Caller } from '@yardmaster/domain'
import type { Deps } from '../deps.js'

/** Whose token it is, with its scopes. Null: nobody's, or it has expired or was revoked. */
export type FindToken = (deps: Pick<Deps, 'db' | 'clock' | 'activeGeneration'>, token: string) => Promise<Caller | null>

export const findToken: FindToken = () => Promise.resolve(null)
