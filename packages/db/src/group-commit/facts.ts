import type { Json, Properties, Result, TestResultSetArgs } from '@yardmaster/domain'
import type { NewBuildset } from '../verbs/add-buildset.js'
import type { DeferredTrigger } from '../verbs/record-trigger.js'

/**
 * The right to speak for a worker's builds: its newest session number. `opening` is the number that this replica is
 * about to give it (the same worker connecting here again), so that facts under way at that moment stay valid.
 */
export type Session = { workerId: number; processId: string; number: number; opening: number | null }

/** The build that a fact is about, with what its events need. */
export type BuildRef = { id: number; number: number; builderId: number; workerId: number; buildsetId: number; project: string | null }

/** Something that happened in a build. Facts of one build are written in the order in which they were submitted. */
export type Fact =
  | { kind: 'build-updated'; stateString?: string; properties?: Properties }
  /** `workerFault`: why its worker is to blame for that end. */
  | { kind: 'build-finished'; results: Result; stateString: string; workerFault?: string | null }
  | { kind: 'step-updated'; step: StepRef; started?: true; finished?: Result; stateString?: string; hidden?: boolean; urls?: { name: string; url: string }[] }
  /** The step, which ends with this, gives its locks back, or does not wait for them any more. */
  | { kind: 'locks-released'; step: number }
  /** In place of what had the name. */
  | { kind: 'build-data-set'; name: string; content: Uint8Array; source: string }
  | { kind: 'tests-told'; step: StepRef; set: TestResultSetArgs }
  | { kind: 'log-opened'; log: LogRef; name: string; type: 's' | 't' }
  | { kind: 'log-appended'; log: LogRef; firstLine: number; lines: number; content: Uint8Array }
  | { kind: 'log-finished'; log: LogRef }
  /** What the effect uploads; `keepSeconds` null: it is kept as long as the build. */
  | { kind: 'artifact-opened'; id: number; effect: EffectRef; name: string; keepSeconds: number | null }
  /** From byte `at` on. */
  | { kind: 'artifact-appended'; id: number; at: number; content: Uint8Array }
  | { kind: 'artifact-finished'; id: number; sha256: string }
  | { kind: 'effect-started'; effect: EffectRef; effectKind: string; fingerprint: string; firstLine: number }
  /** Output of a command up to `seq` is in this transaction; `ranges`: where in its log the lines are that are kept for a replay. */
  | { kind: 'effect-advanced'; effect: EffectRef; seq: number; ranges?: LineRange[] }
  /** `position`: its place in the order in which the step's function gets outcomes. */
  | { kind: 'effect-ended'; effect: EffectRef; position: number; outcome: Json }
  /** Adds the buildsets; the effect ends with what became of them (TriggeredBuildset[]). `deferred`: what schedulers build at their next tick. */
  | { kind: 'effect-triggered'; effect: EffectRef; position: number; buildsets: NamedBuildset[]; deferred?: DeferredTrigger[] }

export type LineRange = [first: number, lines: number]
export type NamedBuildset = NewBuildset & { builderNames: string[] }
export type StepRef = { id: number; number: number }
export type LogRef = { id: number; stepId: number; slug: string }
export type EffectRef = { step: number; n: number }

/** Facts of one build that are committed together. */
export type Submission = { session: Session; build: BuildRef; facts: Fact[] }

export type FactOf<Kind extends Fact['kind']> = Extract<Fact, { kind: Kind }>

/** Every fact of one kind in the batch, with its build, in order. */
export function factsOf<Kind extends Fact['kind']>(submissions: Submission[], kind: Kind): { session: Session; build: BuildRef; fact: FactOf<Kind> }[] {
  return submissions.flatMap(({ session, build, facts }) => facts.filter((fact): fact is FactOf<Kind> => fact.kind === kind).map(fact => ({ session, build, fact })))
}
