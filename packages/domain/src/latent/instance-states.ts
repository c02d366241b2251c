import type { FailureClass, MachineState } from './machine.js'

/** What is wanted of an instance. It never comes back from `gone`: who needs a machine again starts another. */
export type Desired = 'running' | 'gone'
/** What its provider said last. unknown: it has not been asked since something happened. absent: it is not there. */
export type Observed = MachineState | 'unknown' | 'absent'
/** What a process is doing to it right now. */
export type Operation = 'create' | 'remove'

/** An instance's three facts, and what else its state is told by. */
export type InstanceFacts = {
  desired: Desired
  observed: Observed
  operation: Operation | null
  /** The outcome of its creation is not known: the answer was lost, or the process that waited for it. */
  unsure: boolean
  /** Its worker is connected. */
  connected: boolean
  /** Nothing of it is left. */
  gone: boolean
}

/** For people; Buildbot's words in brackets. */
export type InstanceState =
  /** Written down, nothing asked for yet. */
  | 'requested'
  /** The provider is being asked, or its answer was lost and it is being looked for (substantiating). */
  | 'creating'
  /** It is there, its worker is awaited (substantiating, starting). */
  | 'booting'
  /** Its worker is connected (substantiated). */
  | 'ready'
  /** It is being removed (insubstantiating). */
  | 'removing'
  | 'gone'

export function instanceState({ desired, observed, operation, unsure, connected, gone }: InstanceFacts): InstanceState {
  if (gone) return 'gone'
  if (desired === 'gone') return 'removing'
  if (connected) return 'ready'
  if (operation === 'create' || unsure) return 'creating'
  return observed === 'unknown' || observed === 'absent' ? 'requested' : 'booting'
}

export type InstanceFailure = { class: FailureClass; message: string }
