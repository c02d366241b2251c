import type { BuildView } from './build-view.js'
import type { Json } from './json.js'
import type { Renderable } from './renderable.js'
import type { Result } from './results.js'
import type { SourceStampData } from './source-stamp.js'
import type { TestResultSetArgs } from './test-results.js'

/**
 * What a custom step does to the world, one record per effect. `n` counts from 1 in the order of the calls, so that a replay
 * of the same function asks for the same numbers. Whoever performs it journals (n, kind, args) and its outcome; a replayed
 * effect gets the recorded outcome, and outcomes are handed over in the order in which they were recorded.
 * What a crash means for each kind says `effectClasses`.
 */
export type StepEffect = { [K in StepEffectKind]: { n: number; kind: K; args: StepEffectArgs[K] } }[StepEffectKind]
export type StepEffectKind = keyof StepEffectArgs

export type StepEffectArgs = {
  command: CommandArgs
  file: FileArgs
  upload: UploadArgs
  http: HttpArgs
  /** Asks whether the user's function is to be run; its answer comes as `onceEnded`, under the same number. */
  once: { name: string; idempotent: boolean }
  onceEnded: OnceAnswer
  trigger: TriggerArgs
  /** Waits for the end of the buildsets that effect `n - 1`, a `trigger`, has added. */
  triggerEnded: { buildsets: number[] }
  /** `text` is whole lines, each ending in a newline. */
  log: { name: string; text: string }
  property: { name: string; value: Json; source: string }
  url: { name: string; url: string }
  /** Text, or the base64 of bytes. */
  buildData: { name: string; value: string; encoding: 'utf8' | 'base64'; source: string }
  testResultSet: TestResultSetArgs
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

/** Paths are relative to the builder's folder. */
export type FileArgs =
  | { do: 'mkdir' | 'rmdir' | 'removeFile'; paths: string[] }
  | { do: 'stat' | 'listdir' | 'glob'; path: string }
  | { do: 'copy'; from: string; to: string }

/** `path` is relative to the builder's folder, `name` the artifact's. `keep`: seconds; null: as long as the build. */
export type UploadArgs = { path: string; name: string; maxBytes: number; keep: number | null }

/** 100 MiB, 30 days. */
export const uploadDefaults = { maxBytes: 100 * 1024 * 1024, keep: 30 * 86_400 } as const

/** An artifact that is there. */
export type Uploaded = { id: number; name: string; bytes: number; sha256: string; url: string }
/** Or why it is not: the worker has no such file, or it is too large. */
export type UploadOutcome = { ok: true; artifact: Uploaded } | { ok: false; reason: string }

/** `rc` is 0 or the worker's errno; `result` is what the worker answered: see CommandSpec. */
export type FileOutcome = { rc: number; result: Json }

/** Renderables in it are rendered by the performer, so that secrets stay out of the thread. */
export type HttpArgs = {
  method: string
  url: Renderable
  headers: { [name: string]: Renderable }
  body: Renderable
  /** Seconds in all. */
  timeout: number
  /** May be sent again when a crash leaves it open whether it arrived. */
  idempotent: boolean
}

/** An answer of whatever status; `error` when there was none. */
export type HttpOutcome =
  | { status: number; headers: { [name: string]: string }; url: string; body: string; /** The body was longer than 1 MiB. */ truncated: boolean }
  | { error: string }

export type OnceAnswer = { ok: true; value: Json } | { ok: false; message: string }

export type TriggerArgs = {
  /** Names of triggerable schedulers; else of builders. */
  schedulers: string[] | null
  builders: string[]
  waitForFinish: boolean
  /** Null: those of the build. */
  sourcestamps: (Partial<SourceStampData> & { codebase: string })[] | null
  updateSourceStamp: boolean
  alwaysUseLatest: boolean
  properties: { [name: string]: Json }
  reason: string | null
  priority: number | null
}

/** One buildset for each scheduler, or one for all builders. */
export type TriggeredBuildset = { scheduler: string | null; buildset: number; requests: { builder: string; request: number }[] }

export type ChildBuild = { scheduler: string | null; buildset: number; request: number; builder: string; builderid: number; /** Null: the request ended without one. */ build: number | null; number: number | null; results: Result }

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
  file: FileOutcome
  upload: UploadOutcome
  http: HttpOutcome
  /** `known`: it has run before, and this is what came of it. */
  once: { known: OnceAnswer | null }
  onceEnded: null
  trigger: TriggeredBuildset[]
  triggerEnded: ChildBuild[]
  log: null
  property: null
  url: null
  buildData: null
  testResultSet: null
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
