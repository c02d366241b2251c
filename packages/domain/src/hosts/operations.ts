import type { HookHost } from '../change-hook-config.js'
import type { Json } from '../json.js'
import { bitbucketCloud } from './bitbucket-cloud.js'
import { bitbucketServer } from './bitbucket-server.js'
import { gitea } from './gitea.js'
import { github } from './github.js'
import { gitlab } from './gitlab.js'
import type { HostClient } from './host-client.js'

export type HostAsk = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the API's address. */
  path: string
  body?: Json
  /** Statuses besides 2xx that are an answer, not an error. */
  answers?: number[]
}
export type HostAnswer = { status: number; body: Json }

/** What can be done at a code host, whoever makes the calls: `ask` rejects with what the host said. */
export type HostOperations = Omit<HostClient, 'repository' | 'signal' | 'request'> & {
  /** Of a commit. */
  messageOf(revision: string): Promise<string>
}

export type HostKind = {
  /** Of the public service's API; null: there is none. */
  publicUrl: string | null
  headers(token: string): { [name: string]: string }
  /** `repository`: `owner/name` */
  operations(repository: string, ask: (request: HostAsk) => Promise<HostAnswer>): HostOperations
}

export const hostKinds: { [host in HookHost]: HostKind } = { github, gitlab, gitea, bitbucketCloud, bitbucketServer }
