import type { FunctionInput, Json, Result, StepEffect, StepEffectOutcome, StepInput } from '@yardmaster/domain'

/** Given to a thread at its start. 'describe' answers with the whole configuration and ends; 'serve' waits for calls. */
export type ThreadData = {
  /** The bundle, in a folder of its own that is taken away once it is loaded; by the host, if the thread ends before. */
  file: string
  mode: 'describe' | 'serve'
  /** How far it stands back behind the service's own work, as of nice(1). */
  nice: number
  /** Of memory; beyond it the thread says `full`. */
  mostBytes: number
  /** One Int32: the step that ran user code last, for telling who blocks the thread. */
  current: SharedArrayBuffer
}

export type ToThread =
  | { type: 'call'; id: number; fn: string; input: FunctionInput }
  | { type: 'step'; id: number; fn: string; input: StepInput }
  /** To what a patient function asked. */
  | { type: 'told'; id: number; n: number; value: Json }
  | { type: 'untold'; id: number; n: number; message: string }
  | { type: 'outcome'; id: number; n: number; value: StepEffectOutcome }
  | { type: 'refused'; id: number; n: number; message: string }
  | { type: 'abort'; id: number; reason: string }
  | { type: 'ping'; n: number }

/** `stack` names places in the bundle; the host turns them into places in the user's files. */
export type Thrown = { message: string; stack: string; /** What a provider's function says of a failure (failureClass, code, …), as far as it is plain. */ failure?: { [key: string]: string | number | boolean } }

export type FromThread =
  | { type: 'ready' }
  | { type: 'described'; tree: Json }
  | { type: 'unloadable'; error: Thrown }
  | { type: 'returned'; id: number; value: Json }
  | { type: 'stepped'; id: number; result: Result }
  | { type: 'threw'; id: number; error: Thrown }
  /** A patient function asks whoever called it. */
  | { type: 'ask'; id: number; n: number; what: string; args: Json[] }
  | { type: 'effect'; id: number; effect: StepEffect }
  /** An error outside any awaited call, such as in a timer's callback; of that step, when a step is behind it. */
  | { type: 'stray'; step: number | null; error: Thrown }
  | { type: 'pong'; n: number }
  /** It takes more memory than it may. */
  | { type: 'full'; bytes: number }

/** The name under which the bundle is loaded: what stacks are searched for. */
export const bundleName = 'yard.config.bundle.mjs'
