import type { Json, Result } from '@yardmaster/domain'
import { declare } from './declare.js'
import type { Declared } from './declare.js'
import type { LockUse } from './builders.js'
import type { CustomStepFunction } from './step-context.js'
import type { Command, Condition, Duration, Env, Renderable, ResultCondition, Text } from './values.js'

/** What every step has. */
export type StepOptions = {
  /** The kind of the step unless said otherwise; a second step of that name becomes name_1. */
  name?: string
  /** A failure ends the build; steps with alwaysRun still run. */
  haltOnFailure?: boolean
  /** A failure makes the build fail (true unless said otherwise). */
  flunkOnFailure?: boolean
  flunkOnWarnings?: boolean
  warnOnFailure?: boolean
  warnOnWarnings?: boolean
  alwaysRun?: boolean
  /** False: the step is skipped. */
  doStepIf?: Condition
  hideStepIf?: ResultCondition
  /** Taken all at once before the step begins. */
  locks?: LockUse
  /** While it runs, and of a step that runs no command also when it is done. */
  description?: Renderable<string | string[]>
  /** When it is done; of a command its first words unless said otherwise. */
  descriptionDone?: Renderable<string | string[]>
  /** After either of the two. */
  descriptionSuffix?: Renderable<string | string[]>
}

export type ShellCommandOptions = {
  env?: Env
  /** Relative to the builder's folder; 'build' unless said otherwise. */
  workdir?: Text
  /** Without output; null: no limit. 20 minutes unless said otherwise. */
  timeout?: Duration | null
  /** In all; null: no limit. */
  maxTime?: Duration | null
  /** Print the environment into the log (true unless said otherwise). */
  logEnviron?: boolean
  usePTY?: boolean
}

export type ShellStepOptions = StepOptions & ShellCommandOptions & {
  command: Command
  /** Exit code to result; a code that is not listed is a FAILURE. { 0: SUCCESS } unless said otherwise. */
  decodeRC?: { [rc: number]: Result }
  /** Log name to file that is followed while the command runs. */
  logfiles?: { [name: string]: Text }
}

export type GitStepOptions = StepOptions & ShellCommandOptions & {
  /** URL or path. */
  repository: Text
  /** For builds whose source stamp names none; the repository's default unless said otherwise. */
  branch?: Text | null
  mode?: 'full' | 'incremental'
  /** What mode 'full' does with what is there; 'fresh' unless said otherwise. */
  method?: 'clean' | 'fresh' | 'clobber' | 'copy'
  /** true: only the newest revision; a number: so many. */
  shallow?: boolean | number
  submodules?: boolean
  /** Of the build's codebases the one to get; the step's name ends in it. */
  codebase?: string
  /** Ignore the branch and revision that the build was asked for: what is newest is built, on this step's branch. */
  alwaysUseLatest?: boolean
}

export type SetPropertyOptions = StepOptions & { property: string; value: Renderable<Json> }

type Extract = (rc: number, stdout: string, stderr: string) => { [name: string]: Json } | Promise<{ [name: string]: Json }>
export type SetPropertyFromCommandOptions = StepOptions & ShellCommandOptions & { command: Command } & (
  /** Its output becomes this property, without white space at both ends unless strip is false. */
  | { property: string; strip?: boolean; extract?: never }
  /** Makes several properties of what it printed. */
  | { extract: Extract; property?: never; strip?: never }
)

export type TriggerStepOptions = StepOptions & {
  /** Of triggerable schedulers: each is asked for a buildset. */
  schedulerNames: readonly Text[]
  /** Wait for the builds; the worst of their results is that of the step. When this build is stopped, so are they. False unless said otherwise. */
  waitForFinish?: boolean
  /** Of the builds, over what their scheduler says. */
  setProperties?: { [name: string]: Renderable<Json> }
  /** Build the revision that this build has got (got_revision); true unless alwaysUseLatest. */
  updateSourceStamp?: boolean
  /** Build what is newest. */
  alwaysUseLatest?: boolean
  /** Those whose results do not count. */
  unimportantSchedulerNames?: readonly string[]
}

type UploadOptions = StepOptions & {
  /** Relative to the builder's folder; 'build' unless said otherwise. */
  workdir?: Text
  /** Bytes that a file may have; 100 MiB unless said otherwise. */
  maxsize?: number
  /** How long they are kept; 30 days unless said otherwise, null: as long as the build. */
  keep?: Duration | null
}
export type FileUploadOptions = UploadOptions & {
  /** Relative to workdir. */
  workersrc: Text
  /** Name of the artifact, a relative path; the file's own unless said otherwise. */
  masterdest?: Text
}
export type MultipleFileUploadOptions = UploadOptions & {
  workersrcs: readonly Text[]
  /** workersrcs are patterns of *, ?, [...] and (not with stock workers) **. False unless said otherwise. */
  glob?: boolean
  /** A folder that begins the artifacts' names. */
  masterdest?: Text
}

export type CustomStepOptions = StepOptions & { run: CustomStepFunction }

/** steps.shell(…), steps.git(…) and so on, or just a function. */
export type Step =
  | Declared<'shell', ShellStepOptions>
  | Declared<'git', GitStepOptions>
  | Declared<'setProperty', SetPropertyOptions>
  | Declared<'setPropertyFromCommand', SetPropertyFromCommandOptions>
  | Declared<'trigger', TriggerStepOptions>
  | Declared<'fileUpload', FileUploadOptions>
  | Declared<'multipleFileUpload', MultipleFileUploadOptions>
  | Declared<'custom', CustomStepOptions>
  | CustomStepFunction

export const steps = {
  /** Runs a command on the worker. */
  shell: (options: ShellStepOptions): Step => declare('shell', options),
  /** Gets the build's source from a git repository. */
  git: (options: GitStepOptions): Step => declare('git', options),
  /** Sets a property of the build. */
  setProperty: (options: SetPropertyOptions): Step => declare('setProperty', options),
  /** Sets properties from what a command prints. */
  setPropertyFromCommand: (options: SetPropertyFromCommandOptions): Step => declare('setPropertyFromCommand', options),
  /** Asks other builders for builds. */
  trigger: (options: TriggerStepOptions): Step => declare('trigger', options),
  /** Uploads a file of the worker as an artifact of the build. */
  fileUpload: (options: FileUploadOptions): Step => declare('fileUpload', options),
  /** Uploads several, or those that match patterns. */
  multipleFileUpload: (options: MultipleFileUploadOptions): Step => declare('multipleFileUpload', options),
  /** A function as a step, with a name and flags. */
  custom: (options: CustomStepOptions): Step => declare('custom', options),
}
