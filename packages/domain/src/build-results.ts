import type { StepCommon } from './configuration.js'
import { CANCELLED, EXCEPTION, FAILURE, RETRY, SUCCESS, WARNINGS, worstResult } from './results.js'
import type { Result } from './results.js'

/** What the steps so far make of a build. `terminate`: from here on only steps that always run are run. */
export type BuildProgress = { result: Result; terminate: boolean }

export type StepFlags = Pick<StepCommon, 'haltOnFailure' | 'flunkOnFailure' | 'flunkOnWarnings' | 'warnOnFailure' | 'warnOnWarnings' | 'alwaysRun'>

export const buildStart: BuildProgress = { result: SUCCESS, terminate: false }

/** The build after a step ended with `result`. Exception, retry and cancel end a build whatever the flags say. */
export function afterStep(progress: BuildProgress, step: StepFlags, result: Result): BuildProgress {
  const ends = result === EXCEPTION || result === RETRY || result === CANCELLED || (result === FAILURE && step.haltOnFailure)
  return { result: worstResult(progress.result, contribution(step, result)), terminate: progress.terminate || ends }
}

/** What a step's result means to its build. flunk outweighs warn where both are set, as in Buildbot. */
export function contribution(step: StepFlags, result: Result): Result {
  if (result === FAILURE) return step.flunkOnFailure ? FAILURE : step.warnOnFailure ? WARNINGS : SUCCESS
  if (result === WARNINGS) return step.flunkOnWarnings ? FAILURE : step.warnOnWarnings ? WARNINGS : SUCCESS
  return result
}

/** A build that someone stopped, or whose worker went away: its result is that, and only alwaysRun steps still run. */
export function interrupted(progress: BuildProgress, result: typeof CANCELLED | typeof RETRY | typeof EXCEPTION): BuildProgress {
  return { result: worstResult(progress.result, result), terminate: true }
}

/** The index of the step to run next, from `from` on; undefined: the build is done. */
export function nextStep(progress: BuildProgress, steps: readonly Pick<StepFlags, 'alwaysRun'>[], from: number): number | undefined {
  const index = steps.findIndex((step, at) => at >= from && (!progress.terminate || step.alwaysRun))
  return index < 0 ? undefined : index
}
