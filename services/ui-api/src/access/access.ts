import type { Caller } from '@yardmaster/domain'

/** Tables whose rows something is done to. */
export type Thing = 'builds' | 'buildsets' | 'build_requests' | 'builders' | 'workers' | 'worker_pools' | 'instances' | 'schedulers' | 'change_sources' | 'deliveries' | 'notifications' | 'replicas'

/** What is to be done, by its name in REST (stop, force, pause…), to which row; null: to the installation. */
export type Asked = { action: string; thing: Thing; id: number | null; /** Of a force: the builders that it is asked of. */ builderNames?: readonly string[] }

/** Who may do what. */
export type Access = {
  /** Throws Forbidden. */
  require(caller: Caller, asked: Asked): Promise<void>
  /** Whether this caller may see builds, workers and all the rest. */
  mayRead(caller: Caller): boolean
}

/** Answered with 403. */
export class Forbidden extends Error {
  override name = 'Forbidden'
  readonly status = 403
}

/** Nobody signs in, and everybody may do everything. */
export function openAccess(): Access {
  return { require: () => Promise.resolve(), mayRead: () => true }
}
