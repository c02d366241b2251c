import type { Json } from '../json.js'

/** Whose a machine is. Set on it when it is made; by this alone it is ever told to be ours. */
export type MachineLabel = { installation: string; worker: string; attempt: number }

/** null: there is none. */
export const sameLabel = (one: MachineLabel | null, other: MachineLabel): boolean =>
  one !== null && one.installation === other.installation && one.worker === other.worker && one.attempt === other.attempt

/** `error`: the provider says so, and may take it back. A machine that is not there has no state. */
export type MachineState = 'starting' | 'running' | 'stopping' | 'stopped' | 'error'

/** A machine as its provider tells of it now. */
export type Machine = {
  /** The provider's. */
  id: string
  label: MachineLabel
  state: MachineState
  /** The provider's own word for its state. */
  detail: string
  zone: string | null
  plan: string | null
  /** Epoch ms; null: the provider does not say. */
  createdAt: number | null
  address: string | null
  /** What is billed besides it and goes with it (disks): the provider's ids. */
  storages: string[]
}

/** Something that is billed though its machine is gone or never came to be: a disk. */
export type Leftover = { id: string; /** Such as 'storage'. */ kind: string; label: MachineLabel; createdAt: number | null }

/** How the worker on the machine reaches an engine: for what starts it there. */
export type WorkerAccess = { name: string; /** Good for this machine only, unless the configuration gives one. */ password: string; /** ws:// or wss://, at least one. */ engines: string[] }

export type MachineRequest = {
  label: MachineLabel
  /** Unique among machines: letters, digits and '-', at most 63. */
  name: string
  /** As configured for the kind, rendered for the build that it is started for, secrets resolved. */
  options: { [name: string]: Json }
  /** Over what the options say, where the pool has several. */
  zone: string | null
  plan: string | null
  worker: WorkerAccess
}

/**
 * What a failure asks for. retry: the same again later. elsewhere: another zone or plan. backoff: leave the whole pool alone for a while (a quota).
 * alert: stop, and tell people (credits, credentials). configuration: no attempt with these options can succeed.
 */
export type FailureClass = 'retry' | 'elsewhere' | 'backoff' | 'alert' | 'configuration'

export type Price = {
  perHour: number
  /** Of the account, such as 'EUR'. */
  currency: string
  /** Seconds that are paid as a whole once begun: 3600, or 1. */
  period: number
}

/** What a look at the outside found wrong with a configuration. */
export type OnlineFinding = { severity: 'error' | 'warning'; /** Which option. */ option: string; message: string }

/**
 * What a kind of machine has to offer, version 1. Every method may be called again after a crash, by another process, with the first call still under
 * way, and must then do no harm. Rejects with an error that has a `failureClass` (FailureClass; without one it counts as `retry`).
 * `signal` aborts when the caller gives up: the call's outcome is then unknown to it.
 */
export type MachineProvider = {
  readonly version: 1
  /** Asks for a machine that carries the label. Resolves once the provider has accepted it; it need not run yet. */
  create(request: MachineRequest, signal: AbortSignal): Promise<Machine>
  /** All that carries a label of this installation. May lag behind; `get` does not. */
  list(installation: string, signal: AbortSignal): Promise<{ machines: Machine[]; leftovers: Leftover[] }>
  /** null: it is not there, for certain. */
  get(id: string, signal: AbortSignal): Promise<Machine | null>
  /** Goes one step towards nothing being left of it, storages included; asked again until it answers 'gone'. */
  remove(machine: Pick<Machine, 'id' | 'label' | 'storages'>, signal: AbortSignal): Promise<'gone' | 'going'>
  removeLeftover(leftover: Leftover, signal: AbortSignal): Promise<void>
  /** null: it costs nothing that is known. */
  price?(request: Pick<MachineRequest, 'options' | 'zone' | 'plan'>, signal: AbortSignal): Promise<Price | null>
  /** Asks whether what the options name exists, and whether the account may. For `yard check --online`. */
  check?(request: Pick<MachineRequest, 'options' | 'zone' | 'plan'>, signal: AbortSignal): Promise<OnlineFinding[]>
  close?(): Promise<void>
}

/** The longest host name. */
const MOST_NAME = 63

/**
 * A name that providers and DNS take, from which a person sees whose the machine is. Disks are told by it: what of the worker's name it has no room or no
 * letters for, a digest of that name stands for, or the slots of a pool with a long name would all be one.
 */
export function machineName({ installation, worker, attempt }: MachineLabel): string {
  const suffix = `-${installation.replaceAll('-', '').slice(0, 8)}-${attempt}`
  const most = MOST_NAME - suffix.length - 'yard-'.length
  const plain = worker.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '') || 'worker'
  const digest = plain === worker && plain.length <= most ? '' : `-${digestOf(worker)}`
  return `yard-${plain.slice(0, most - digest.length).replace(/-+$/, '')}${digest}${suffix}`
}

/** 52 bits of it, as letters and digits (twice FNV-1a). */
function digestOf(text: string): string {
  const hash = (seed: number): number => [...new TextEncoder().encode(text)].reduce((value, byte) => Math.imul(value ^ byte, 0x01000193), seed) >>> 0
  return ((hash(0x811c9dc5) >>> 12) * 2 ** 32 + hash(0x9747b28c)).toString(36).padStart(11, '0')
}
