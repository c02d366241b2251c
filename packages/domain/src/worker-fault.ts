import { EXCEPTION, FAILURE, RETRY, SKIPPED, SUCCESS, WARNINGS, type Result } from './results.js'

/**
 * How a worker was lost to a build. Its own fault: its process was `replaced` by another while a command ran, it stayed `away` too long, or it
 * `disconnected` and cannot resume. Somebody's wish: it said `goodbye`, was `killed`, or what it ran was `given up` here.
 */
export type WorkerLoss = 'replaced' | 'away' | 'disconnected' | 'goodbye' | 'killed' | 'given up'

export type BuildEnd = {
  results: Result
  lost: { how: WorkerLoss; why: string } | null
  /** What the worker's machine could not do: start a process, make a folder, write its journal. */
  trouble: string | null
}

const ownFault: ReadonlySet<WorkerLoss> = new Set(['replaced', 'away', 'disconnected'])

/** Why the end of a build is the worker's fault; null when it is not. A command that fails, however strangely, is the build's own. */
export function workerFault({ results, lost, trouble }: BuildEnd): string | null {
  if (results === EXCEPTION) return trouble
  return results === RETRY && lost !== null && ownFault.has(lost.how) ? lost.why : null
}

/** Results that show that the worker works: it took the build to an end of the build's own making. */
export const provingResults: readonly Result[] = [SUCCESS, WARNINGS, FAILURE, SKIPPED]
