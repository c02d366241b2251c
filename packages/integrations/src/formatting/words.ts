import { CANCELLED, EXCEPTION, FAILURE, RETRY, SKIPPED, SUCCESS, WARNINGS, resultName } from '@yardmaster/domain'
import type { ReportMode, Result } from '@yardmaster/domain'

/** What kind of build has been detected, in Buildbot's words. */
export function detected(mode: readonly ReportMode[], results: Result, previous: Result | null): string {
  if (results === FAILURE) return (mode.includes('change') || mode.includes('problem')) && previous !== null && previous !== FAILURE ? 'new failure' : 'failed build'
  if (results === WARNINGS) return 'problem in the build'
  if (results === SUCCESS) return mode.includes('change') && previous !== null && previous !== results ? 'restored build' : 'passing build'
  return results === EXCEPTION ? 'build exception' : `${resultName(results)} build`
}

const ends: { [result in Result]: string } = {
  [SUCCESS]: 'build successful', [WARNINGS]: 'build had warnings', [FAILURE]: 'build failed', [SKIPPED]: 'build skipped',
  [EXCEPTION]: 'build exception', [RETRY]: 'build will be retried', [CANCELLED]: 'build cancelled',
}
const before: { [result in Result]: string } = {
  [SUCCESS]: 'successful before', [WARNINGS]: 'warnings before', [FAILURE]: 'failed before', [SKIPPED]: 'skipped before',
  [EXCEPTION]: 'exception before', [RETRY]: 'retried before', [CANCELLED]: 'cancelled before',
}

/** `build successful (failed before)` */
export function outcome(results: Result, previous: Result | null): string {
  return previous === null || previous === results ? ends[results] : `${ends[results]} (${before[previous]})`
}

export type Tone = 'good' | 'warning' | 'bad' | 'odd' | 'neutral'

export function toneOf(results: Result | null): Tone {
  if (results === SUCCESS) return 'good'
  if (results === WARNINGS) return 'warning'
  if (results === FAILURE) return 'bad'
  return results === EXCEPTION ? 'odd' : 'neutral'
}

/** Colours of Buildbot's results: #rrggbb. */
export const colours: { [tone in Tone]: string } = { good: '#2e8540', warning: '#c65d00', bad: '#c9302c', odd: '#8e3a9d', neutral: '#5b6b7a' }

/** As Buildbot's subjects begin. */
export const marks: { [tone in Tone]: string } = { good: '☺', warning: '☝', bad: '☠', odd: '☝', neutral: '☝' }
