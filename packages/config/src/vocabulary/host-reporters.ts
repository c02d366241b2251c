import type { SecretRef } from '@yardmaster/domain'
import { declare, type Declared } from './declare.js'
import type { ReporterOptions } from './generators.js'
import type { Text } from './values.js'

/** How a host is spoken to. */
type Connection = {
  /** true unless said otherwise: the server's certificate must be good. */
  verify?: boolean
  /** PEM, besides the system's authorities. */
  ca?: SecretRef | string
  /** Each status that was taken is logged. */
  verbose?: boolean
}

type Descriptions = {
  /** 'Build pending.', 'Build started.' and 'Build done.' unless said otherwise. */
  pendingDescription?: Text
  startDescription?: Text
  endDescription?: Text
}

type GithubAccess = Connection & {
  /** Of a user or a bot; or `app`. */
  token?: Text
  /** Its tokens are asked for as they are needed. The private key is the PEM file that GitHub made; the installation is the repository's unless said otherwise. */
  app?: { appId: number | string; privateKey: SecretRef | string; installationId?: number | string }
  /** https://api.github.com unless said otherwise; https://HOST/api/v3 of an Enterprise Server. */
  baseURL?: string
}

export type GithubStatusOptions = ReporterOptions & GithubAccess & Descriptions & {
  /** buildbot/%(prop:buildername)s unless said otherwise, as Buildbot's. */
  context?: Text
  /** For pull requests; as the others unless said otherwise. */
  contextPr?: Text
}

/** Reporters of code hosts. */
export type HostReporterDeclaration = Declared<'reporter.githubStatus', GithubStatusOptions>

export const hostReporters = {
  /** The status of commits on GitHub, a context for each builder: pending, success, failure or error. */
  githubStatus: (options: GithubStatusOptions): HostReporterDeclaration => declare('reporter.githubStatus', options),
}
