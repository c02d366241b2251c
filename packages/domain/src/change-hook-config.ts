import type { SecretRef } from './renderable.js'

export type ChangeHooksConfig = {
  base: { secret: string | SecretRef | null } | null
  github: { secret: string | SecretRef | null; strict: boolean; codebase: string } | null
}
