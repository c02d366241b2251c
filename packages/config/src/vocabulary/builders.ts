import type { Json, LockRef, SourceStampData } from '@yardmaster/domain'
import type { Step } from './steps.js'
import type { Duration, Env, Nested, RenderInput } from './values.js'

/** How a builder or a step uses a lock: `lock.access('counting')`. Or a function of the build that answers with such a list. */
export type LockUse = Nested<LockRef> | ((input: RenderInput) => LockRef[] | Promise<LockRef[]>)

/** A request as the functions that choose see it. */
export type RequestView = { id: number; builder: string; buildset: number; priority: number; /** Epoch seconds. */ submittedAt: number; waitedFor: boolean; reason: string; properties: { [name: string]: Json }; sourcestamps: { [codebase: string]: SourceStampData } }
/** A worker as the functions that choose see it. */
export type WorkerChoice = { name: string; labels: { [label: string]: string }; maxBuilds: number | null; building: { builder: string; request: number }[] }
/** A builder as `prioritizeBuilders` sees it. */
export type BuilderChoice = { name: string; tags: string[]; pending: number; highestPriority: number; /** Epoch seconds. */ oldestSubmittedAt: number }
/** false: not on this worker now. With `notBefore` (epoch seconds): not before then at all, and `reason` is shown. */
export type CanStart = boolean | { notBefore: number; reason: string }

/**
 * Whether building `newer` makes `older`, which waits, needless. With `properties` it does, and the build gets these besides its own. A function that fails,
 * or does not answer in time, has said no.
 */
export type CollapseRequests = boolean | ((older: RequestView, newer: RequestView) => boolean | { properties: { [name: string]: Json } } | Promise<boolean | { properties: { [name: string]: Json } }>)

export type BuilderOptions = {
  name: string
  /** Identity across renames: keep it when the name changes, and the history stays. The name unless said otherwise. */
  key?: string
  /** Name of one of the projects. */
  project?: string
  description?: string
  tags?: string[]
  /** Names of the workers that may run it. */
  workers?: Nested<string>
  /** And all workers that have each of these labels: `{ os: 'linux', gpu: ['a100', 'h100'] }`. */
  workerLabels?: { [label: string]: string | string[] }
  /** What a build takes of its worker's `capacity`; 1 unless said otherwise. */
  units?: number
  env?: Env
  properties?: { [name: string]: Json }
  /** The same, where the request does not say otherwise. */
  defaultProperties?: { [name: string]: Json }
  /** Held while a build runs; a request waits until all are free. */
  locks?: LockUse
  /** Which of the waiting requests (at most 200, the most urgent first) comes next; null: none now. */
  nextBuild?: (requests: RequestView[]) => RequestView | number | null | Promise<RequestView | number | null>
  /** Which of the workers that could build the request takes it; null: none now. */
  nextWorker?: (workers: WorkerChoice[], request: RequestView) => WorkerChoice | string | null | Promise<WorkerChoice | string | null>
  /** Whether the request may be built on the worker now. */
  canStartBuild?: (worker: WorkerChoice, request: RequestView) => CanStart | Promise<CanStart>
  /** Folder on the worker; made of the name unless said otherwise. */
  builddir?: string
  /** One build for several waiting requests that ask for the same (as `defineConfig` says, true unless said otherwise). */
  collapseRequests?: CollapseRequests
  /** How many requests may wait. Those that are too many end CANCELLED: the new one, or (`drop-oldest`) those that wait longest. */
  maxPending?: number | { limit: number; action?: 'refuse-new' | 'drop-oldest' }
  /**
   * When for this time no worker is there that could build a request (latent workers count as there), it ends with FAILURE, or (`hold`) is built
   * only once somebody releases it.
   */
  noWorkerTimeout?: Duration | { after: Duration; action?: 'fail' | 'hold' }
  steps: Nested<Step>
}
