import type { Desired, Operation } from './instance-states.js'

/** What decides an instance's next step. `machine`: the provider's id of it is known. `unsure`: its creation was asked for, and the answer is not known. */
export type StepFacts = { gone: boolean; operation: Operation | null; machine: boolean; unsure: boolean; desired: Desired }

/**
 * create, remove: ask the provider. look: find it in lists by its label, until it cannot turn up any more. watch: see whether it lives.
 * close: nothing of it is left, or ever was. none: somebody is at it, or all is done.
 */
export type InstanceStep = 'create' | 'remove' | 'look' | 'watch' | 'close' | 'none'

type Rule = { when: Partial<Omit<StepFacts, 'operation'>> & { busy?: boolean }; step: InstanceStep; why: string }

/** The first rule whose facts hold tells the step. */
export const instanceSteps: readonly Rule[] = [
  { when: { gone: true }, step: 'none', why: 'nothing of it is left' },
  { when: { busy: true }, step: 'none', why: 'a process is at it; it ends that, or its burial does' },
  { when: { machine: true, desired: 'gone' }, step: 'remove', why: 'it is there, and not wanted' },
  { when: { machine: true, desired: 'running' }, step: 'watch', why: 'it is there, and wanted' },
  { when: { unsure: true }, step: 'look', why: 'it may be there under its label: wanted or not, asking for another would make two' },
  { when: { desired: 'gone' }, step: 'close', why: 'nobody ever asked for it' },
  { when: { desired: 'running' }, step: 'create', why: 'it is wanted, and was never asked for' },
]

export function instanceStep({ operation, ...facts }: StepFacts): InstanceStep {
  const known = { ...facts, busy: operation !== null }
  return instanceSteps.find(({ when }) => Object.entries(when).every(([fact, value]) => known[fact as keyof typeof known] === value))!.step
}
