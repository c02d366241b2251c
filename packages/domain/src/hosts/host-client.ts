import type { Json } from '../json.js'
import type { HookHost } from '../change-hook-config.js'

/** What a code host told, as the user's function sees it. */
export type HookEvent<Payload = { [name: string]: Json }> = {
  /** The host's name of it, e.g. `issue_comment`. */
  name: string
  /** What happened, where the host says so, e.g. `created`. */
  action: string | null
  /** The host's id of the delivery. */
  delivery: string
  /** `owner/name` */
  repository: string
  /** Login of who did it; a comment of ours comes back as an event too. */
  sender: string
  payload: Payload
}

/** What a user's function answers with: fields of a change; those that are left out are of the event's repository. */
export type HookChangeFields = {
  author?: string
  committer?: string | null
  comments?: string
  branch?: string | null
  revision?: string | null
  repository?: string
  codebase?: string
  project?: string
  category?: string | null
  revlink?: string | null
  files?: string[]
  /** Values by name. */
  properties?: { [name: string]: Json }
  /** Epoch seconds. */
  when?: number
}

export type HostPullRequest = {
  number: number
  title: string
  /** Login. */
  author: string
  state: 'open' | 'closed' | 'merged'
  draft: boolean
  headSha: string
  headRef: string
  baseRef: string
  labels: string[]
  url: string
}

export type HostPermission = 'admin' | 'write' | 'read' | 'none'

/** The event's repository at its code host, by the hook's token. Everything rejects with what the host said; `number` is of a pull (merge) request or an issue. */
export type HostClient = {
  /** `owner/name` */
  repository: string
  /** Aborts when the function has had its time. */
  signal: AbortSignal
  comment(number: number, text: string): Promise<void>
  /** What a user may do there. */
  permissionOf(user: string): Promise<HostPermission>
  pullRequest(number: number): Promise<HostPullRequest>
  /** Names of the files that a pull request touches. */
  files(number: number): Promise<string[]>
  addLabel(number: number, label: string): Promise<void>
  removeLabel(number: number, label: string): Promise<void>
  /** Anything else of the host's API; `path` is below its address, e.g. `/repos/o/r/issues/1/reactions`. */
  request(method: string, path: string, body?: Json): Promise<Json>
}

/** By what a client reaches a repository. */
export type HostAccess = { host: HookHost; apiUrl: string; token: string | null; repository: string }
