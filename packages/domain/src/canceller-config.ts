import type { FunctionRef } from './renderable.js'
import type { ChangeFilterConfig } from './scheduler-config.js'

/** Which builds a canceller has an eye on: of these builders, with a sourcestamp that passes the filter. */
export type CancellerFilter = { builders: string[]; filter: ChangeFilterConfig }

/** Cancels the builds of a branch's older revisions when a build of a newer change is asked for. */
export type OldBuildCanceller = {
  kind: 'oldBuild'
  name: string
  filters: CancellerFilter[]
  /** Answers what stands for the branch of a sourcestamp: equal answers are one branch. null: the branch, and for changes of a review their number. */
  branchKey: FunctionRef | null
}

/** Cancels what is left of a buildset when a build of it fails. */
export type FailingBuildsetCanceller = {
  kind: 'failingBuildset'
  name: string
  /** `cancelBuilds`: only those of these builders; null: all. */
  filters: (CancellerFilter & { cancelBuilds: string[] | null })[]
}

export type CancellerConfig = OldBuildCanceller | FailingBuildsetCanceller
