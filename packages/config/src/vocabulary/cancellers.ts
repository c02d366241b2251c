import type { SourceStampData } from '@yardmaster/domain'
import { declare } from './declare.js'
import type { Declared } from './declare.js'
import type { ChangeFilter } from './util.js'

/** `builders`: names. `filter`: which sourcestamps, by project, codebase, repository and branch; all unless said otherwise. */
export type OldBuildCancellerOptions = {
  name: string
  filters: readonly ({ builders: readonly string[]; filter?: ChangeFilter })[]
  /** What stands for a sourcestamp's branch: builds of equal answers are of one branch. The branch unless said otherwise, and of the changes of a review (refs/pull/N/…, refs/changes/…) the review. */
  branchKey?: (sourcestamp: SourceStampData) => string | Promise<string>
}

/** When a build of one of `buildsTriggeredBy` fails, what is left of its buildset is cancelled: all, or that of the builders in `cancelBuilds`. */
export type FailingBuildsetCancellerOptions = {
  name: string
  filters: readonly ({ buildsTriggeredBy: readonly string[]; cancelBuilds?: readonly string[] | null; filter?: ChangeFilter })[]
}

export type CancellerDeclaration = Declared<'canceller.oldBuild', OldBuildCancellerOptions> | Declared<'canceller.failingBuildset', FailingBuildsetCancellerOptions>

export const cancellers = {
  /** Cancels the builds of a branch's older revisions, running and waiting, when a build of a newer change of it is asked for. */
  oldBuildCanceller: (options: OldBuildCancellerOptions): CancellerDeclaration => declare('canceller.oldBuild', options),
  /** Cancels what is left of a buildset once a build of it has failed. */
  failingBuildsetCanceller: (options: FailingBuildsetCancellerOptions): CancellerDeclaration => declare('canceller.failingBuildset', options),
}
