import { declare } from './declare.js'
import type { Declared } from './declare.js'

export type NoAuthOptions = {
  /** Also where others than this machine's own users reach the installation: whoever can, may do everything. */
  anywhere?: boolean
}

export type AuthDeclaration = Declared<'auth.none', NoAuthOptions>

/** Where people sign in: `www: { auth: auth.none() }`. */
export const auth = {
  none: (options: NoAuthOptions = {}): AuthDeclaration => declare('auth.none', options),
}
