import type { BuildInfo, CommandOutcome, Json, Result, SourceStampData } from '@yardmaster/domain'
import type { Command, Duration, Env } from './values.js'

export type CommandOptions = {
  env?: Env
  /** Relative to the builder's folder; 'build' unless said otherwise. */
  workdir?: string
  /** Without output; null: no limit. 20 minutes unless said otherwise. */
  timeout?: Duration | null
  /** In all; null: no limit. */
  maxTime?: Duration | null
  /** The log that gets the output; 'stdio' unless said otherwise. */
  log?: string
  logEnviron?: boolean
  usePTY?: boolean
}

/**
 * What a custom step can see and do. After a crash the function may be run again from its start: what it already did through
 * this context is then answered from the record and not done twice, so it must do the same things in the same order.
 */
export type StepContext = {
  readonly build: BuildInfo
  readonly step: { readonly name: string; readonly number: number }
  readonly sourcestamps: { readonly [codebase: string]: SourceStampData }
  readonly properties: { readonly [name: string]: Json }
  /** The property's value, or null if there is none. */
  property(name: string): Json
  /** Runs a command on the worker. A command that fails is an answer, not an error; throws only if it could not be run at all. */
  command(command: Command, options?: CommandOptions): Promise<CommandOutcome>
  /** A log of this step, made at its first line. */
  log(name?: string): { line(text: string): void }
  /** A line in the log 'stdio'. */
  print(text: string): void
  setProperty(name: string, value: Json, source?: string): Promise<void>
  addURL(name: string, url: string): Promise<void>
  /** What is shown beside the step, and in the build's line. */
  summary(texts: { step?: string; build?: string }): Promise<void>
  /** The secret's value; it is masked in all logs of this build. */
  secret(name: string): Promise<string>
  /** Epoch milliseconds; the same again in a replay, unlike Date.now(). */
  now(): Promise<number>
  /** In [0, 1); the same again in a replay, unlike Math.random(). */
  random(): Promise<number>
  readonly results: typeof results
  /** Aborted when the build is stopped. */
  readonly signal: AbortSignal
}

/** Nothing returned is SUCCESS; an error thrown is EXCEPTION. */
export type CustomStepFunction = (ctx: StepContext) => Promise<Result | void> | Result | void

export const results = { SUCCESS: 0, WARNINGS: 1, FAILURE: 2, SKIPPED: 3, EXCEPTION: 4, RETRY: 5, CANCELLED: 6 } as const
