import type { EngineLimits } from '@yardmaster/domain'
import type { Settings } from '@yardmaster/runtime'

/** What the settings limit an engine to; null: nothing. */
export function limitsOf({ onlyBuilders, onlyWorkerLabels }: Pick<Settings, 'onlyBuilders' | 'onlyWorkerLabels'>): EngineLimits | null {
  if (onlyBuilders.length === 0 && onlyWorkerLabels.length === 0) return null
  const pairs = onlyWorkerLabels.map(label => [label.slice(0, label.indexOf('=')), label.slice(label.indexOf('=') + 1)] as const)
  return { builders: onlyBuilders, labels: Object.fromEntries(pairs) }
}
