import type { Caller, Decision } from '@yardmaster/domain'

const things = [
  'builds', 'buildsets', 'build_requests', 'builders', 'workers', 'worker_pools', 'instances', 'schedulers', 'change_sources', 'deliveries', 'notifications', 'replicas', 'generations', 'api_tokens', 'control_actions', 'sessions',
] as const
/** Tables whose rows something is done to. */
export type Thing = (typeof things)[number]

export const isThing = (text: string): text is Thing => things.some(thing => thing === text)

/** What is to be done, by its name in REST (stop, force, pause…), to which row; null: to the installation. */
export type Asked = { action: string; thing: Thing; id: number | null; /** Of a force: the builders that it is asked of; all of the scheduler's unless said otherwise. */ builderNames?: readonly string[]; /** Of the request, for rules that name paths. */ path?: string }

/** Who may do what. */
export type Access = {
  /** Throws Forbidden. */
  require(caller: Caller, asked: Asked): Promise<void>
  /** The same, told instead of thrown. */
  decide(caller: Caller, asked: Asked): Promise<Decision>
  /** Whether this caller may see builds, workers and all the rest; of a path of the API, also what rules say of that. */
  mayRead(caller: Caller, path?: string | null): boolean
  reading(caller: Caller, path: string | null): Decision
}

/** Answered with 403. */
export class Forbidden extends Error {
  override name = 'Forbidden'
  readonly status = 403
}
