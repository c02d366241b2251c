import type { Fact } from '@yardmaster/db'
import type { Json } from '@yardmaster/domain'
import type { StepContext } from '../step-context.js'

/** Which effect of its step, and what it is: see `Journal.find`. */
export type EffectId = { n: number; kind: string; fingerprint: string }

export function effectStarted({ data }: StepContext, { n, kind, fingerprint }: EffectId, firstLine = 0): Fact {
  return { kind: 'effect-started', effect: { step: data.number, n }, effectKind: kind, fingerprint, firstLine }
}

/** That the step uses the secret of this name: see `secretsUsed`. */
export function secretUsed({ data }: StepContext, n: number, name: string): Fact[] {
  const effect = { step: data.number, n }
  return [{ kind: 'effect-started', effect, effectKind: 'secret', fingerprint: '', firstLine: 0 }, { kind: 'effect-ended', effect, position: 0, outcome: name }]
}

/** Its position is taken now: what ends later is told to the step's function later. */
export function effectEnded({ data, journal }: StepContext, n: number, outcome: Json): Fact {
  return { kind: 'effect-ended', effect: { step: data.number, n }, position: journal.end(n), outcome }
}
