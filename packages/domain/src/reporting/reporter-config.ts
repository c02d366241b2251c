import type { FunctionRef, Renderable } from '../renderable.js'

/** One of `services` in a configuration that tells somebody of builds: what it tells (generators) and how (its kind's options). */
export type ReporterConfig = {
  /** Unique in its set; made of the kind and its target unless said otherwise. */
  name: string
  kind: ReporterKind
  generators: GeneratorConfig[]
  /** What becomes of a message of which nobody knows whether it arrived. A status is sent again in any case. */
  onUnknown: 'stop' | 'retry'
  /** Seconds after which nothing is tried again; null: as its kind says of each message. */
  deadline: number | null
  /** As its kind reads them; renderable, with secrets as references. */
  options: { [option: string]: Renderable }
}

export type ReporterKind =
  | 'githubStatus' | 'githubChecks' | 'githubComment' | 'gitlabStatus' | 'giteaStatus' | 'bitbucketServerStatus' | 'bitbucketServerComment' | 'bitbucketStatus'
  | 'mail' | 'slack' | 'discord' | 'irc' | 'httpStatus' | 'custom'

/** As in Buildbot's mode lists: which ends of builds are told of. */
export type ReportMode = 'change' | 'failing' | 'passing' | 'problem' | 'warnings' | 'exception' | 'cancelled'

/** Buildbot's report generators: what is told of, when, and in which words. */
export type GeneratorConfig = {
  kind: 'buildStatus' | 'buildStartEnd' | 'buildRequest' | 'buildSet' | 'buildSetCombined' | 'workerMissing' | 'poolAlert' | 'steps'
  /** Which ends of builds; [] for all. */
  mode: ReportMode[]
  /** null: whatever it is. */
  builders: string[] | null
  tags: string[] | null
  schedulers: string[] | null
  branches: string[] | null
  workers: string[] | null
  /** Tell of the start too. */
  reportNew: boolean
  /** Log contents that go along: none, all, or those named `log` or `step.log`. */
  addLogs: boolean | string[]
  addPatch: boolean
  /** Takes the report, answers with the message; null: the kind's own words. */
  formatter: FunctionRef | null
  /** The same at the start of a build. */
  startFormatter: FunctionRef | null
}
