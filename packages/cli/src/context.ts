import type { Clock, Random } from '@yardmaster/runtime'

/** The outside world of every command; `main.ts` makes the real one. */
export type Context = {
  env: NodeJS.ProcessEnv
  clock: Clock
  random: Random
  /** Writes one line to standard output. */
  print(line: string): void
  /** Writes one line to standard error. */
  warn(line: string): void
  /** Standard output is a terminal that wants colours. */
  colours: boolean
  /** Calls back at each SIGINT, SIGTERM and SIGHUP, which then no longer end the process; the answer ends that. */
  onSignal(callback: (signal: NodeJS.Signals) => void): () => void
}
