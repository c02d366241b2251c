import type { BuildView } from './build-view.js'
import type { Json } from './json.js'
import type { Renderable } from './renderable.js'

/**
 * What a custom step does to the world, one record per effect. `n` counts from 1 in the order of the calls, so that a replay
 * of the same function asks for the same numbers. Whoever performs it journals (n, kind, args) and its outcome; a replayed
 * effect gets the recorded outcome.
 */
export type StepEffect = { [K in StepEffectKind]: { n: number; kind: K; args: StepEffectArgs[K] } }[StepEffectKind]
export type StepEffectKind = keyof StepEffectArgs

export type StepEffectArgs = {
  command: CommandArgs
  /** `text` is whole lines, each ending in a newline. */
  log: { name: string; text: string }
  property: { name: string; value: Json; source: string }
  url: { name: string; url: string }
  summary: { step?: string; build?: string }
  secret: { name: string }
  time: { [key: string]: never }
  random: { [key: string]: never }
}

/** A list is run as it is, a text by the worker's shell. Renderables in it are rendered by the performer, so that secrets stay out of the thread. */
export type CommandArgs = {
  command: Renderable
  env: { [name: string]: Renderable }
  /** Relative to the builder's folder. */
  workdir: string
  /** Seconds without output; null: no limit. */
  timeout: number | null
  /** Seconds in all; null: no limit. */
  maxTime: number | null
  /** The log that gets its output. */
  log: string
  logEnviron: boolean
  usePTY: boolean
}

export type CommandOutcome = {
  /** rc is 0. */
  ok: boolean
  /** Exit code; -1 when it has none. */
  rc: number
  /** At most the last 1 MiB of each; the log has all of it. */
  stdout: string
  stderr: string
  failureReason: 'timeout' | 'timeout_without_output' | 'interrupted' | 'spawn' | 'worker' | null
}

export type StepEffectOutcomes = {
  command: CommandOutcome
  log: null
  property: null
  url: null
  summary: null
  secret: string
  /** Epoch milliseconds. */
  time: number
  /** In [0, 1). */
  random: number
}
export type StepEffectOutcome = StepEffectOutcomes[StepEffectKind]

/** What a custom step is called with. */
export type StepInput = BuildView & { step: { name: string; number: number } }
