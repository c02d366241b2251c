import { createHash } from 'node:crypto'
import type { CommandSpec } from './command.js'

/**
 * A stable sha256 (hex) of what a command is: equal for equal `kind` and `args`, whatever the order of the keys.
 * The caller leaves out, or replaces by their names, the secrets in it.
 */
export function fingerprint(spec: CommandSpec): string {
  return createHash('sha256').update(canonical({ kind: spec.kind, args: spec.args })).digest('hex')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value).filter(([, field]) => field !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`
}
