import { EXCEPTION, FAILURE } from '@yardmaster/domain'
import type { Step } from '@yardmaster/rest'

/** The one step whose log shows itself: the one that runs, else the first that failed. */
export function openByDefault(steps: readonly Step[]): number | null {
  const running = steps.findLast(step => step.started_at !== null && !step.complete)
  const failed = steps.find(step => step.results === FAILURE || step.results === EXCEPTION)
  return (running ?? failed)?.stepid ?? null
}
