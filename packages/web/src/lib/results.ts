import { resultName } from '@yardmaster/domain'
import type { Result } from '@yardmaster/domain'

export type Outcome = ReturnType<typeof resultName> | 'running' | 'pending' | 'not run'

/** The word (and CSS class) for a build, step or request: what came out, or that it still runs. */
export function outcomeOf(of: { complete: boolean; results: number | null; started_at?: number | null }): Outcome {
  if (of.results !== null && of.results >= 0 && of.results <= 6) return resultName(of.results as Result)
  return of.started_at === null ? 'pending' : 'running'
}
