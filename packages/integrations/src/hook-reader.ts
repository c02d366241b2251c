import type { HookHost, HostHookConfig, Properties } from '@yardmaster/domain'
import { bitbucketCloudHook } from './bitbucket/cloud-hook.js'
import { bitbucketServerHook } from './bitbucket/server-hook.js'
import { giteaHook } from './gitea/hook.js'
import { githubHook } from './github/hook.js'
import { gitlabHook } from './gitlab/hook.js'

/** A request's header by its name in any case. */
export type Header = (name: string) => string | undefined

/** A change as a host told it. */
export type HookChange = {
  author: string
  committer: string | null
  comments: string
  branch: string | null
  revision: string | null
  revlink: string | null
  repository: string
  project: string
  codebase: string
  category: string | null
  files: string[]
  properties: Properties
  /** Null: when it was received. */
  whenAt: Date | null
}

/** What of a message becomes changes; none: `note` says why. */
export type HookReading = {
  changes: HookChange[]
  note: string
  /** What the payload does not tell of its one change, and the host's API would. */
  lookUp?: { pullRequest: number; revision: string }
}

/** What a payload is about, as far as it says so. */
export type HookSubject = {
  /** `owner/name`: messages of one repository are worked on in their order. */
  fullName: string
  repository: string
  project: string
  sender: string
}

export type ReadOptions = Pick<HostHookConfig, 'skips' | 'pullrequestRef' | 'propertyWhitelist'> & { codebase: string }

/** The webhooks of one code host. */
export type HookReader = {
  /** Whether a form's field `payload` is taken too. */
  forms: boolean
  /** Whether the message says that it knows the secret, wrongly or rightly. */
  isSigned(header: Header): boolean
  /** Throws HookError (401) unless the message proves that its sender knows the secret. */
  verify(body: Buffer, header: Header, secret: string): void
  /** Undefined: the header is missing, whose name is `eventHeader`. */
  event(header: Header): string | undefined
  eventHeader: string
  /** The host's id of this delivery, the same when it is sent again. */
  delivery(header: Header): string | undefined
  subject(payload: unknown): HookSubject
  /** Throws HookError (400) when the payload is not what the host documents for the event. */
  read(event: string, payload: unknown, options: ReadOptions): HookReading
}

export const hookReaders: { [host in HookHost]: HookReader } = {
  github: githubHook, gitlab: gitlabHook, gitea: giteaHook, bitbucketCloud: bitbucketCloudHook, bitbucketServer: bitbucketServerHook,
}
