import type { StepEffectKind } from './step-effects.js'

/**
 * What becomes of an effect that was begun when its engine died:
 * - fact: it is a row (or several), committed in one transaction with its record. It is there once, or not at all.
 * - joinable: it goes on without an engine, and the next one joins it.
 * - repeatable: doing it again does no harm, so it is done again when it cannot be joined.
 * - once-or-unknown: nobody can say whether it happened, so the step ends with EXCEPTION and says so, unless the configuration
 *   declares it idempotent: then it is repeatable.
 */
export type EffectClass = 'fact' | 'joinable' | 'repeatable' | 'once-or-unknown'

export const effectClasses: { readonly [Kind in Exclude<StepEffectKind, 'http' | 'onceEnded'>]: EffectClass } = {
  log: 'fact', property: 'fact', url: 'fact', buildData: 'fact', testResultSet: 'fact', summary: 'fact', secret: 'fact', time: 'fact', random: 'fact',
  /** The buildsets are rows; that they have ended is read from them. */
  trigger: 'fact', triggerEnded: 'repeatable',
  command: 'joinable', upload: 'joinable', file: 'repeatable',
  once: 'once-or-unknown',
}

/** GET and HEAD change nothing. PUT and DELETE are idempotent by HTTP, but servers differ. */
export function httpClass(method: string): EffectClass {
  return method === 'GET' || method === 'HEAD' ? 'repeatable' : 'once-or-unknown'
}
