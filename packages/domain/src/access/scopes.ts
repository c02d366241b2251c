import type { Caller } from './caller.js'
import type { AccessTarget } from './decide.js'
import { globPattern, matchesName } from './name-pattern.js'

/** `read`, `control` (every action), the name of one action, or a limit: `project:GLOB`, `builder:GLOB`. */
export const scopeForm = /^(?:[a-z][A-Za-z_-]{1,39}|(?:project|builder):[^\p{Cc}]{1,255})$/u

const limits = (scopes: readonly string[], kind: 'project' | 'builder'): string[] => scopes.flatMap(scope => (scope.startsWith(`${kind}:`) ? [scope.slice(kind.length + 1)] : []))

/** Why a token's scopes do not reach as far, whatever its user may; null: they do. */
export function scopeProblem({ kind, scopes }: Caller, { action, builder }: AccessTarget): string | null {
  if (scopes === null) return null
  if (kind === 'anonymous') return 'you need to sign in'
  if (action === 'get') return scopes.includes('read') ? null : "the token needs the scope 'read'"
  if (!scopes.includes('control') && !scopes.includes(action)) return `the token needs the scope 'control' or '${action}'`
  for (const limited of ['project', 'builder'] as const) {
    const globs = limits(scopes, limited)
    const name = limited === 'builder' ? builder?.name : builder?.project
    if (globs.length > 0 && !globs.some(glob => typeof name === 'string' && matchesName(globPattern(glob), name))) return `the token is limited to ${globs.map(glob => `${limited} ${glob}`).join(', ')}`
  }
  return null
}
