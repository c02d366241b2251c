import type { Json, Report, SecretRef } from '@yardmaster/domain'
import { chatReporters, type ChatReporterDeclaration } from './chat-reporters.js'
import { declare, type Declared } from './declare.js'
import { generators, type ReporterOptions } from './generators.js'
import { hostReporters, type HostReporterDeclaration } from './host-reporters.js'
import type { Renderable, Text } from './values.js'

/** `status`: only the newest of a build counts, sent again until it holds. `message`: each one counts. */
type Delivery = 'status' | 'message'

export type HttpStatusOptions = ReporterOptions & {
  serverUrl: Text
  /** Basic: a name and a password; or what stands in the header Authorization. */
  auth?: { user: Text; password: SecretRef | string } | SecretRef
  headers?: { [name: string]: Text }
  /** Makes the body; a build as Buildbot's HttpStatusPush sends it unless said otherwise. Quick (250 ms). */
  format?: (report: Report) => Json | Promise<Json>
  /** Each body is signed with it: X-Yardmaster-Signature-256: sha256=HMAC. */
  secret?: SecretRef | string
  /** true unless said otherwise: the server's certificate must be good. */
  verify?: boolean
  /** PEM, besides the system's authorities. */
  ca?: SecretRef | string
  /** PEM, of this side. */
  cert?: { cert: SecretRef | string; key: SecretRef | string }
  /** message unless said otherwise. */
  delivery?: Delivery
}

/** What a reporter's own function may ask while it runs. */
export type ReportContext = {
  /** The same for each attempt of one message: what was done under it need not be done again. */
  idempotencyKey: string
  /** 1 for the first. */
  attempt: number
  /** Aborts after a minute, and when the process stops. */
  signal: AbortSignal
  /** The end of a log of a build in the report, at most 1 MiB; null: there is none. */
  log(logid: number): Promise<string | null>
  /** Of `options`, with secrets in it. */
  option(name: string): Promise<Json>
}

export type CustomReporterOptions = ReporterOptions & {
  name: string
  /**
   * Tells it, within a minute. What it throws may say what is known: `Object.assign(new Error('no'), { outcome: 'refused' })`: refused (never again), again (certainly not
   * done), unknown (unless said otherwise). What it returns is kept for people to see.
   */
  report: (report: Report, ctx: ReportContext) => Promise<Json | void> | Json | void
  /** What ctx.option answers. */
  options?: { [name: string]: Renderable<Json> }
  /** message unless said otherwise. */
  delivery?: Delivery
}

/** Somebody who is told of builds: `reporters.KIND({ … })`. */
export type ReporterDeclaration = Declared<'reporter.httpStatus', HttpStatusOptions> | Declared<'reporter.custom', CustomReporterOptions> | HostReporterDeclaration | ChatReporterDeclaration

export const reporters = {
  /** Posts JSON to a URL: what Buildbot's HttpStatusPush does. */
  httpStatus: (options: HttpStatusOptions): ReporterDeclaration => declare('reporter.httpStatus', options),
  /** A function of your own. */
  custom: (options: CustomReporterOptions): ReporterDeclaration => declare('reporter.custom', options),
  ...hostReporters,
  ...chatReporters,
  ...generators,
}
