import type { FunctionRef, GeneratorConfig, Json, Message, Renderable, Report, ReporterConfig, Sent } from '@yardmaster/domain'
import type { Clock, Logger } from '@yardmaster/runtime'

/** One kind of reporter: what it says of a report, and how that is sent. */
export type ReporterKindDriver = {
  /**
   * What is to be told of a report that one of the reporter's generators lets through; none: nothing. Asks nothing outside, and holds no secret.
   * It may be called again for the same report, after a crash. Throws when the configuration's own function or rendering fails.
   */
  compose(report: Report, reporter: ReporterConfig, context: ComposeContext): Promise<Message[]>
  /** Sends one. Throws SendError; whatever else is thrown counts as not known. */
  send(message: Message, reporter: ReporterConfig, context: SendContext): Promise<Sent>
}

export type ComposeContext = {
  generator: GeneratorConfig
  /** To be added for the readers where it is not null: the words are the kind's own, since the configuration's function failed. */
  remark: string | null
  /** With the report's properties and source stamps; a secret in it throws. */
  render(value: Renderable): Promise<Json>
  /** A function of the configuration. */
  call(fn: FunctionRef, args: Json[]): Promise<Json>
}

export type SendContext = {
  /** One of the reporter's options, rendered, secrets included: for this call, never to be kept or logged. */
  option(name: string): Promise<Json>
  call(fn: FunctionRef, args: Json[]): Promise<Json>
  /** A function that may take a minute and ask the outside world; second it is given `data`, a signal, and `log` and `option`. Rejects with an error that has what it said as `failure`. */
  callPatiently(fn: FunctionRef, args: Json[], data: { [name: string]: Json }): Promise<Json>
  /** What the other side called the newest message of this reporter, target and subject that it took (`Sent.reference`), to be changed or answered; null: there is none. */
  lastReference(): Promise<string | null>
  /** The end of a log, for people; null: there is none. */
  log(logid: number): Promise<string | null>
  /** The same for each attempt at this message. */
  key: string
  /** From 1. */
  attempt: number
  /** Aborts when it has taken too long, or the process stops. */
  signal: AbortSignal
  clock: Clock
  logger: Logger
}
