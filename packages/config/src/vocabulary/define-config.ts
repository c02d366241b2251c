import type { BuilderChoice, BuilderOptions, CollapseRequests } from './builders.js'
import type { CancellerDeclaration } from './cancellers.js'
import type { ChangeHookDeclaration } from './change-hooks.js'
import type { ChangeSourceDeclaration } from './change-sources.js'
import { declare } from './declare.js'
import type { Declared } from './declare.js'
import type { ReporterDeclaration } from './reporters.js'
import type { SchedulerDeclaration } from './schedulers.js'
import type { Nested } from './values.js'
import type { WorkerDeclaration } from './workers.js'
import type { WwwOptions } from './www.js'

export type ProjectOptions = {
  name: string
  /** In links; made of the name unless said otherwise. */
  slug?: string
  description?: string
}

export type ServiceDeclaration = ReporterDeclaration | CancellerDeclaration

export type ConfigOptions = {
  title?: string
  titleURL?: string
  projects?: Nested<ProjectOptions>
  workers: Nested<WorkerDeclaration>
  builders: Nested<BuilderOptions>
  /** The builders that have something to build, in the order in which they are to be served: answers with their names or with what it was given. */
  prioritizeBuilders?: (builders: BuilderChoice[]) => (BuilderChoice | string)[] | Promise<(BuilderChoice | string)[]>
  /** Of the builders that do not say it themselves; true unless said otherwise. */
  collapseRequests?: CollapseRequests
  schedulers?: Nested<SchedulerDeclaration>
  changeSources?: Nested<ChangeSourceDeclaration>
  changeHooks?: Nested<ChangeHookDeclaration>
  /** Reporters, and what cancels builds by itself. */
  services?: Nested<ServiceDeclaration>
  /** Who may come in, and do what. */
  www?: WwwOptions
}
export type ConfigDeclaration = Declared<'config', ConfigOptions>

/** The whole configuration: `export default defineConfig({ … })`. */
export const defineConfig = (options: ConfigOptions): ConfigDeclaration => declare('config', options)
