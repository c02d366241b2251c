import type { Json, Leftover, Machine, MachineRequest, OnlineFinding, Price, SecretRef, Weekday } from '@yardmaster/domain'
import { declare } from './declare.js'
import type { Declared } from './declare.js'
import type { WorkerOptions } from './workers.js'
import type { Duration, Env, Nested, Renderable, Text } from './values.js'

/** Of all latent workers. */
export type LatentOptions = {
  /** How long a machine waits for its next build; 10 minutes unless said otherwise. 0: one build a machine; -1: for ever. */
  buildWaitTimeout?: Duration
  /** How long from its start until its worker has to be connected; 20 minutes unless said otherwise. */
  missingTimeout?: Duration
  /** Between two looks at a machine whose worker is awaited; 10 seconds unless said otherwise. */
  checkInstanceInterval?: Duration
  /** Builds, then another machine. */
  maxUses?: number | null
  /** How old it may be to get a build. */
  maxAge?: Duration | null
  /** Where machines reach an engine, ws:// or wss://: as the engines' YARD_WORKER_URL say unless said otherwise. */
  engineUrl?: string
  /** Tried in this order, where there is no room in one. */
  zones?: string[]
  plans?: string[]
  /** What it may cost in a day: an amount in the account's currency, or with whose days and what happens to builds under way ('retry' unless said otherwise). */
  dailyCap?: number | { amount: number; timeZone?: string; running?: 'retry' | 'finish' } | null
  /** 'billing-period': what is paid by the hour is kept until the hour is nearly over. */
  scaleIn?: 'idle' | 'billing-period'
}

/** A latent worker's password may be left out: each machine then gets its own, known to the machine alone. */
export type LatentWorkerOptions = Omit<WorkerOptions, 'password' | 'missingTimeout'> & { password?: string | SecretRef | null } & LatentOptions

export type UpcloudAccount = {
  /** An API token; or a sub-account's name and password. */
  apiToken?: SecretRef | string
  apiUsername?: SecretRef | string
  apiPassword?: SecretRef | string
  /** https://api.upcloud.com/1.3 unless said otherwise. */
  baseUrl?: string
}

export type UpcloudHostconfig = {
  /** de-fra1 unless said otherwise. */
  zone?: Text
  /** 1xCPU-2GB unless said otherwise; 'custom' with coreNumber and memoryAmount. */
  plan?: Text
  coreNumber?: Renderable<number>
  /** MiB. */
  memoryAmount?: Renderable<number>
  /** The worker's name unless said otherwise. */
  hostname?: Text
  sshKeys?: Renderable<readonly string[]> | readonly Text[]
  /** GiB; as large as the image, and at least 10, unless said otherwise. */
  osDiskSize?: Renderable<number>
  /** A script, #cloud-config, or a URL of one: it is to start the worker. %(worker:name)s, %(worker:password)s and %(worker:engine)s are known in util.interpolate. */
  userData?: Text
  /** maxiops, standard or hdd. */
  storageTier?: Text
  /** What the machine is to find at the metadata address; true unless said otherwise, since cloud-init images need it. */
  metadata?: Renderable<boolean>
  firewall?: Renderable<boolean>
  /** UUIDs of private networks; besides the utility and public interfaces unless publicNetwork is false. */
  networks?: Renderable<readonly string[]> | readonly Text[]
  publicNetwork?: Renderable<boolean>
  utilityNetwork?: Renderable<boolean>
  /** UUID of a server group. */
  serverGroup?: Text
  timezone?: Text
  simpleBackup?: Renderable<string>
  /** Besides ours. */
  labels?: { [key: string]: Text }
}

export type UpcloudMachine = {
  /** Title or UUID of a template or of a storage of the account. */
  image: Text
  hostconfig?: UpcloudHostconfig
}

export type ProcessMachine = {
  /** Where its folders are: below the state folder unless said otherwise. Instances that share the host share it. */
  folder?: string
  /** Of the worker's process. */
  env?: Env
}

export type DockerAccount = {
  /** unix:///var/run/docker.sock unless said otherwise; several: filled in this order. */
  hosts?: (string | { url: string; /** At once on this host. */ max?: number; ca?: SecretRef | string; cert?: SecretRef | string; key?: SecretRef | string })[]
  registryAuth?: { serveraddress?: string; username: string; password: SecretRef | string }
}
export type DockerMachine = {
  image: Text
  /** Run as the image says unless said otherwise. */
  command?: Renderable<readonly string[]> | readonly Text[]
  env?: Env
  /** 'host-path-or-volume:container-path[:ro]'. */
  volumes?: Renderable<readonly string[]> | readonly Text[]
  /** missing unless said otherwise. */
  pullPolicy?: Renderable<'always' | 'missing' | 'never'>
  network?: Text
  /** Bytes. */
  memory?: Renderable<number>
  /** Cores. */
  cpus?: Renderable<number>
  privileged?: Renderable<boolean>
  /** Of the Engine API's HostConfig: over what is said above. */
  hostConfig?: Renderable<{ [key: string]: Json }>
}

export type KubernetesAccount = {
  /** A kubeconfig's text; inside the cluster unless said otherwise. */
  kubeconfig?: SecretRef | string
  context?: string
  namespace?: string
}
export type KubernetesMachine = {
  image?: Text
  command?: Renderable<readonly string[]> | readonly Text[]
  env?: Env
  /** CPU and memory as Kubernetes writes them. */
  requests?: Renderable<{ [resource: string]: string }>
  limits?: Renderable<{ [resource: string]: string }>
  nodeSelector?: Renderable<{ [key: string]: string }>
  serviceAccount?: Text
  imagePullSecrets?: Renderable<readonly string[]> | readonly Text[]
  /** Merged into the Pod's spec, last. */
  podSpec?: Renderable<{ [key: string]: Json }>
}

type Account = { readonly [name: string]: string }

/**
 * The functions of `MachineProvider`, version 1, for machines of your own kind. Each may take a minute; plain data goes in and out, and last comes `account`
 * with its secrets resolved. What they throw may say what it asks for: `Object.assign(new Error('no room'), { failureClass: 'elsewhere' })`.
 */
export type CustomProvider = {
  version: 1
  create: (request: MachineRequest, signal: AbortSignal, account: Account) => Promise<Machine>
  list: (installation: string, signal: AbortSignal, account: Account) => Promise<{ machines: Machine[]; leftovers: Leftover[] }>
  get: (id: string, signal: AbortSignal, account: Account) => Promise<Machine | null>
  remove: (machine: Pick<Machine, 'id' | 'label' | 'storages'>, signal: AbortSignal, account: Account) => Promise<'gone' | 'going'>
  removeLeftover?: (leftover: Leftover, signal: AbortSignal, account: Account) => Promise<void>
  price?: (request: Pick<MachineRequest, 'options' | 'zone' | 'plan'>, signal: AbortSignal, account: Account) => Promise<Price | null>
  check?: (request: Pick<MachineRequest, 'options' | 'zone' | 'plan'>, signal: AbortSignal, account: Account) => Promise<OnlineFinding[]>
}

export type CustomMachine = {
  functions: CustomProvider
  /** Where the machines are and how one signs in: the functions' last argument. */
  account?: { [name: string]: string | SecretRef }
  /** Of a machine, rendered for the build that it is started for: `request.options`. */
  options?: { [name: string]: Renderable<Json> }
}

export type ProviderDeclaration =
  | Declared<'provider.upcloud', UpcloudAccount & UpcloudMachine>
  | Declared<'provider.process', ProcessMachine>
  | Declared<'provider.docker', DockerAccount & DockerMachine>
  | Declared<'provider.kubernetes', KubernetesAccount & KubernetesMachine>
  | Declared<'provider.custom', CustomMachine>

export type PoolHoursOptions = { days?: Weekday[]; from: string; to: string; timeZone?: string; min?: number; warm?: number }

export type PoolOptions = Omit<LatentWorkerOptions, 'name' | 'password'> & {
  /** Builders name it among their workers; its workers are called NAME-1, NAME-2, … */
  name: string
  provider: ProviderDeclaration
  /** Machines that are always there; none unless said otherwise. */
  min?: number
  max: number
  /** Machines without a build that are kept besides those that build, up to `max`. */
  warm?: number
  /** Other numbers for some hours. */
  schedule?: Nested<PoolHoursOptions>
}

export type LatentWorkerDeclaration =
  | Declared<'worker.upcloud', LatentWorkerOptions & UpcloudAccount & UpcloudMachine>
  | Declared<'worker.process', LatentWorkerOptions & ProcessMachine>
  | Declared<'worker.docker', LatentWorkerOptions & DockerAccount & DockerMachine>
  | Declared<'worker.kubernetes', LatentWorkerOptions & KubernetesAccount & KubernetesMachine>
  | Declared<'worker.custom', LatentWorkerOptions & CustomMachine>
  | Declared<'worker.pool', PoolOptions>

export const latentWorkers = {
  /** A server of UpCloud, started when a build waits for it. */
  upcloud: (options: LatentWorkerOptions & UpcloudAccount & UpcloudMachine): LatentWorkerDeclaration => declare('worker.upcloud', options),
  /** A process on the provisioner's own host (on which all provisioners of the configuration then are), started when a build waits for it. */
  process: (options: LatentWorkerOptions & ProcessMachine): LatentWorkerDeclaration => declare('worker.process', options),
  /** A container, started when a build waits for it. */
  docker: (options: LatentWorkerOptions & DockerAccount & DockerMachine): LatentWorkerDeclaration => declare('worker.docker', options),
  /** A Pod, started when a build waits for it. */
  kubernetes: (options: LatentWorkerOptions & KubernetesAccount & KubernetesMachine): LatentWorkerDeclaration => declare('worker.kubernetes', options),
  /** A machine of your own kind. */
  custom: (options: LatentWorkerOptions & CustomMachine): LatentWorkerDeclaration => declare('worker.custom', options),
  /** Up to `max` workers on machines of one kind, started when builds wait for them. */
  pool: (options: PoolOptions): LatentWorkerDeclaration => declare('worker.pool', options),
}

/** What the machines of a pool are. */
export const providers = {
  upcloud: (options: UpcloudAccount & UpcloudMachine): ProviderDeclaration => declare('provider.upcloud', options),
  process: (options: ProcessMachine = {}): ProviderDeclaration => declare('provider.process', options),
  docker: (options: DockerAccount & DockerMachine): ProviderDeclaration => declare('provider.docker', options),
  kubernetes: (options: KubernetesAccount & KubernetesMachine): ProviderDeclaration => declare('provider.kubernetes', options),
  custom: (options: CustomMachine): ProviderDeclaration => declare('provider.custom', options),
}


