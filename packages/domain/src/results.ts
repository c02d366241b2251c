/** Build, step and request results with Buildbot's numbers (buildbot.process.results). */
export const SUCCESS = 0
export const WARNINGS = 1
export const FAILURE = 2
export const SKIPPED = 3
export const EXCEPTION = 4
export const RETRY = 5
export const CANCELLED = 6

export type Result = 0 | 1 | 2 | 3 | 4 | 5 | 6

const names = ['success', 'warnings', 'failure', 'skipped', 'exception', 'retry', 'cancelled'] as const

export function resultName(result: Result): (typeof names)[number] {
  return names[result]
}

/** From harmless to grave, as Buildbot's `worst_status` orders them. */
const severity: readonly Result[] = [SKIPPED, SUCCESS, WARNINGS, FAILURE, EXCEPTION, RETRY, CANCELLED]

export function worstResult(a: Result, b: Result): Result {
  return severity.indexOf(a) >= severity.indexOf(b) ? a : b
}
