import type { Json, MachineProvider, ProviderConfig } from '@yardmaster/domain'
import type { Clock, Logger, Random } from '@yardmaster/runtime'
import { processProvider } from './process/process-provider.js'
import { openUpcloud } from './upcloud/provider.js'

export type ProviderDeps = {
  clock: Clock
  random: Random
  logger: Logger
  /** Where providers on this host may keep files (`YARD_HOME`). */
  home: string
}

export type Opener = (account: { [name: string]: Json }, deps: ProviderDeps) => MachineProvider | Promise<MachineProvider>

const openers: { [kind in ProviderConfig['kind']]?: Opener } = {
  upcloud: openUpcloud,
  process: processProvider,
  // Loaded when they are first used: their clients are large.
  docker: async (account, deps) => (await import('./docker/docker-provider.js')).openDocker(account, deps),
  kubernetes: async account => (await import('./kubernetes/kubernetes-provider.js')).openKubernetes(account),
}

/** The provider of a kind, for an account whose secrets are resolved. `custom` is opened where its functions run, not here. */
export async function openProvider(kind: ProviderConfig['kind'], account: { [name: string]: Json }, deps: ProviderDeps): Promise<MachineProvider> {
  const open = openers[kind]
  if (!open) throw new Error(`there is no provider of kind ${kind}`)
  return open(account, deps)
}
