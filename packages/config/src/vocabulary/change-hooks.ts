import type { SecretRef } from '@yardmaster/domain'
import { declare } from './declare.js'
import type { Declared } from './declare.js'

export type ChangeHookDeclaration =
  | Declared<'hook.base', { secret?: string | SecretRef }>
  | Declared<'hook.github', { secret?: string | SecretRef; strict?: boolean; codebase?: string }>

export const changeHooks = {
  /** POST /change_hook/base */
  base: (options: { secret?: string | SecretRef } = {}): ChangeHookDeclaration => declare('hook.base', options),
  /** POST /change_hook/github; strict: refuse what is not signed with the secret (true where there is a secret). */
  github: (options: { secret?: string | SecretRef; strict?: boolean; codebase?: string } = {}): ChangeHookDeclaration => declare('hook.github', options),
}
