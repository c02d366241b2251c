/** The vocabulary of yard.config.ts. Light: it only records what is said; checking is in `@yardmaster/config/host`. */
export type { ChangeData, Json, Leftover, Machine, MachineLabel, MachineProvider, MachineRequest, OnlineFinding, Price, Result } from '@yardmaster/domain'
export { changeHooks, changeSources, defineConfig, schedulers, workers } from './vocabulary/define-config.js'
export type {
  AnyBranchOptions, BuilderOptions, ChangeHookDeclaration, ChangeSourceDeclaration, ConfigDeclaration, ConfigOptions, ForceOptions, GitPollerOptions,
  ProjectOptions, SchedulerDeclaration, SingleBranchOptions, WorkerDeclaration, WorkerOptions,
} from './vocabulary/define-config.js'
export { providers } from './vocabulary/latent-workers.js'
export type {
  CustomMachine, CustomProvider, DockerAccount, DockerMachine, KubernetesAccount, KubernetesMachine, LatentOptions, LatentWorkerDeclaration, LatentWorkerOptions,
  PoolHoursOptions, PoolOptions, ProcessMachine, ProviderDeclaration, UpcloudAccount, UpcloudHostconfig, UpcloudMachine,
} from './vocabulary/latent-workers.js'
export { results } from './vocabulary/step-context.js'
export type { CommandOptions, CustomStepFunction, StepContext } from './vocabulary/step-context.js'
export { steps } from './vocabulary/steps.js'
export type { Step } from './vocabulary/steps.js'
export type { BuildbotUserData, YardmasterUserData } from './vocabulary/user-data.js'
export { util } from './vocabulary/util.js'
export type { ChangeFilter } from './vocabulary/util.js'
export type { Command, Duration, Env, Nested, Renderable, Renderer, RenderInput, Text } from './vocabulary/values.js'
