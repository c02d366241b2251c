import type { BuildInfo, ChildBuild, CommandOutcome, Json, Result, SourceStampData, Uploaded } from '@yardmaster/domain'
import type { TestResultSetOptions } from './test-results.js'
import type { Command, Duration, Env, Renderable, Text } from './values.js'

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

export type HttpRequest = {
  url: Text
  /** GET unless said otherwise. */
  method?: string
  headers?: { [name: string]: Text }
  /** A text, or with `json` a value. */
  body?: Text
  json?: Renderable<Json>
  /** In all; 30 seconds unless said otherwise. */
  timeout?: Duration
  /** Other than GET and HEAD: it may be sent again when a crash leaves it open whether it arrived. */
  idempotent?: boolean
}

export type HttpResponse = {
  /** Status 200 to 299. */
  readonly ok: boolean
  readonly status: number
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string }
  /** Where redirects led to. */
  readonly url: string
  /** At most 1 MiB. */
  readonly body: string
  readonly truncated: boolean
  /** The body as JSON; throws when it is none. */
  json(): Json
}

export type TriggerOptions = {
  /** True: answers when the builds have ended; when this build is stopped before, so are they. */
  waitForFinish?: boolean
  /** What to build; unless said otherwise what this build builds. */
  sourcestamps?: readonly (Partial<SourceStampData> & { codebase: string })[]
  /** Of what this build builds, the revision that it has got (got_revision); true unless alwaysUseLatest. */
  updateSourceStamp?: boolean
  /** What is newest. */
  alwaysUseLatest?: boolean
  /** Of the builds, over what their scheduler says. */
  properties?: { [name: string]: Json }
  reason?: string
  priority?: number
} & (
  /** Triggerable schedulers: a buildset each. */
  | { schedulers: string | readonly string[]; builders?: never }
  /** One buildset. */
  | { builders: string | readonly string[]; schedulers?: never }
)

export type Triggered = {
  /** Ids of the buildsets. */
  buildsets: number[]
  /** With waitForFinish the worst result; null otherwise. */
  results: Result | null
  /** With waitForFinish each request's last build. */
  builds: ChildBuild[]
}

export type UploadFileOptions = {
  /** Name of the artifact, a relative path; the file's own unless said otherwise. */
  name?: string
  /** Bytes that the file may have; 100 MiB unless said otherwise. */
  maxsize?: number
  /** How long it is kept; 30 days unless said otherwise, null: as long as the build. */
  keep?: Duration | null
}

/** Ten numbers as of stat(2): times are epoch seconds. */
export type FileStatus = { mode: number; ino: number; dev: number; nlink: number; uid: number; gid: number; size: number; atime: number; mtime: number; ctime: number; isDirectory: boolean; isFile: boolean }

/** Files on the worker; paths are relative to the builder's folder. Each throws when it could not be done. */
export type WorkerFiles = {
  /** With the folders above them. */
  mkdir(...paths: string[]): Promise<void>
  /** With all that is in them; what is not there is no error. */
  rmdir(...paths: string[]): Promise<void>
  removeFile(...paths: string[]): Promise<void>
  /** Null when there is nothing. */
  stat(path: string): Promise<FileStatus | null>
  exists(path: string): Promise<boolean>
  listdir(path: string): Promise<string[]>
  glob(pattern: string): Promise<string[]>
  /** A folder with all that is in it, or a file. */
  copy(from: string, to: string): Promise<void>
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
  /** Files on the worker. */
  readonly worker: WorkerFiles
  /**
   * Sends a request, from the engine's machine (not from the worker's) and into whatever network that can reach. An answer of any status is an answer;
   * throws when there was none. After a crash that leaves it open whether a request other than GET and HEAD was sent, the step ends
   * with EXCEPTION, unless the request is `idempotent`. Redirects of GET and HEAD are followed, at most 5; headers are not sent to another host.
   */
  http(request: HttpRequest | string): Promise<HttpResponse>
  /**
   * Runs the function at most once, whatever crashes: what it answered (data) is kept. After a crash in the middle of it the step ends with EXCEPTION,
   * as nobody knows what it has done; declare it `idempotent`, and it is run again instead. Nothing of ctx may be used in it.
   */
  once<T extends Json | void>(name: string, fn: () => Promise<T> | T, options?: { idempotent?: boolean }): Promise<T>
  /** Asks other builders for builds, exactly once. */
  trigger(options: TriggerOptions): Promise<Triggered>
  /** Sends a file of the worker (relative to the builder's folder) to the installation, as an artifact of the build. Throws when there is none, or it is too large. */
  upload(path: string, options?: UploadFileOptions): Promise<Uploaded>
  /** A log of this step, made at its first line. */
  log(name?: string): { line(text: string): void }
  /** A line in the log 'stdio'. */
  print(text: string): void
  setProperty(name: string, value: Json, source?: string): Promise<void>
  addURL(name: string, url: string): Promise<void>
  /**
   * Keeps a text or bytes (at most 8 MiB) with the build, in place of what had the name: for programs that read them by REST. The name is of letters, digits,
   * `.`, `_` and `-`.
   */
  setBuildData(name: string, value: string | Uint8Array, source?: string): Promise<void>
  /** Tells results of tests, all of one kind. */
  addTestResultSet(options: TestResultSetOptions): Promise<void>
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
