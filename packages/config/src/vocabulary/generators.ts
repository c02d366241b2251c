import type { Json, Report, ReportMode } from '@yardmaster/domain'
import { declare, type Declared } from './declare.js'
import type { Duration, Nested } from './values.js'

/** Of every reporter. */
export type ReporterOptions = {
  /** Unique; made of the kind and its target unless said otherwise. */
  name?: string
  /** What it tells of; as its kind says unless said otherwise. */
  generators?: Nested<GeneratorDeclaration>
  /** After a message of which nobody knows whether it arrived: stop (it is shown as unknown) or try again. */
  onUnknown?: 'stop' | 'retry'
  /** After which nothing is tried again. */
  deadline?: Duration
}

/** What people are told: a text, or with a subject; the kind's own words stand for what is left out. */
export type FormattedMessage = string | { subject?: string; body?: string; /** plain unless said otherwise. */ type?: 'plain' | 'html' | 'json' | 'markdown'; extra?: { [key: string]: Json } }
/** Quick (250 ms). null: nothing is told. */
export type MessageFormatter = (report: Report) => FormattedMessage | null | Promise<FormattedMessage | null>

type Scope = { builders?: Nested<string>; tags?: Nested<string>; schedulers?: Nested<string>; branches?: Nested<string> }
type Content = {
  /** Contents of logs that go along: all, or those named 'log' or 'step.log'. */
  addLogs?: boolean | readonly string[]
  addPatch?: boolean
}
type Modes = {
  /** 'all', or which ends of builds: ['failing', 'passing', 'warnings'] unless said otherwise. 'warnings' by itself, as in Buildbot, tells of failures too; ['warnings'] does not. */
  mode?: 'all' | ReportMode | readonly ReportMode[]
}
type Formatter = { messageFormatter?: MessageFormatter }

export type BuildStatusGeneratorOptions = Scope & Content & Modes & Formatter & { reportNew?: boolean }
export type BuildStartEndGeneratorOptions = Scope & Content & { startFormatter?: MessageFormatter; endFormatter?: MessageFormatter }
export type BuildRequestGeneratorOptions = Scope & { formatter?: MessageFormatter; addPatch?: boolean }
export type BuildSetGeneratorOptions = Scope & Content & Modes & Formatter
export type WorkerMissingGeneratorOptions = Formatter & { workers?: 'all' | Nested<string> }
export type StepsGeneratorOptions = Scope & Formatter

/** What a reporter tells of, when, and in which words. */
export type GeneratorDeclaration =
  | Declared<'generator.buildStatus', BuildStatusGeneratorOptions>
  | Declared<'generator.buildStartEnd', BuildStartEndGeneratorOptions>
  | Declared<'generator.buildRequest', BuildRequestGeneratorOptions>
  | Declared<'generator.buildSet', BuildSetGeneratorOptions>
  | Declared<'generator.buildSetCombined', Formatter>
  | Declared<'generator.workerMissing', WorkerMissingGeneratorOptions>
  | Declared<'generator.poolAlert', Formatter>
  | Declared<'generator.steps', StepsGeneratorOptions>

export const generators = {
  /** The end of each build, by `mode`; its start too with reportNew. */
  buildStatusGenerator: (options: BuildStatusGeneratorOptions = {}): GeneratorDeclaration => declare('generator.buildStatus', options),
  /** The start and the end of each build. */
  buildStartEndStatusGenerator: (options: BuildStartEndGeneratorOptions = {}): GeneratorDeclaration => declare('generator.buildStartEnd', options),
  /** A request is there, or was cancelled before it was built. */
  buildRequestGenerator: (options: BuildRequestGeneratorOptions = {}): GeneratorDeclaration => declare('generator.buildRequest', options),
  /** Each build of a buildset, once all have ended. */
  buildSetStatusGenerator: (options: BuildSetGeneratorOptions = {}): GeneratorDeclaration => declare('generator.buildSet', options),
  /** One message for all builds of a buildset. */
  buildSetCombinedStatusGenerator: (options: Formatter = {}): GeneratorDeclaration => declare('generator.buildSetCombined', options),
  workerMissingGenerator: (options: WorkerMissingGeneratorOptions = {}): GeneratorDeclaration => declare('generator.workerMissing', options),
  /** A pool of machines needs somebody to look. */
  poolAlertGenerator: (options: Formatter = {}): GeneratorDeclaration => declare('generator.poolAlert', options),
  /** Each step's start and end. */
  stepsGenerator: (options: StepsGeneratorOptions = {}): GeneratorDeclaration => declare('generator.steps', options),
}
