import type { Report, SecretRef } from '@yardmaster/domain'
import { declare, type Declared } from './declare.js'
import type { ReporterOptions } from './generators.js'
import type { Renderable, Text } from './values.js'

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

/** Of a check run, as GitHub shows them beside the code. */
export type CheckAnnotation = {
  path: string
  start_line: number
  end_line: number
  annotation_level: 'notice' | 'warning' | 'failure'
  message: string
  title?: string
  start_column?: number
  end_column?: number
}

export type GithubChecksOptions = ReporterOptions & GithubAccess & Descriptions & {
  /** buildbot/%(prop:buildername)s unless said otherwise. */
  checkName?: Text
  /** Of a build that has ended. Quick (250 ms). */
  annotations?: (report: Report) => readonly CheckAnnotation[] | Promise<readonly CheckAnnotation[]>
}

export type GithubCommentOptions = ReporterOptions & GithubAccess & {
  /** edit: one comment of a pull request, changed each time. new: another comment each time. */
  mode?: 'edit' | 'new'
  /** Nothing is said of the start unless said here. */
  startDescription?: Text
  /** A line for each build unless said otherwise. */
  endDescription?: Text
}

export type GitlabStatusOptions = ReporterOptions & Connection & Descriptions & {
  token: Text
  /** https://gitlab.com unless said otherwise. */
  baseURL?: string
  /** buildbot/%(prop:buildername)s unless said otherwise. */
  context?: Text
}

export type GiteaStatusOptions = ReporterOptions & Connection & Descriptions & {
  token: Text
  baseURL: string
  /** buildbot/%(prop:buildername)s unless said otherwise. */
  context?: Text
  /** For pull requests: buildbot/pull_request/%(prop:buildername)s unless said otherwise. */
  contextPr?: Text
  warningAsSuccess?: boolean
}

type Password = { user: Text; password: SecretRef | string }

export type BitbucketServerStatusOptions = ReporterOptions & Connection & Descriptions & {
  baseURL: string
  /** An HTTP access token; or `auth`. */
  token?: Text
  auth?: Password
  /** build-status (of commits) unless said otherwise; core: of Bitbucket 7.4 and later, with branches, numbers, times and tests. */
  api?: 'build-status' | 'core'
  /** %(prop:buildername)s unless said otherwise. */
  key?: Text
  statusName?: Text
  statusSuffix?: Text
  parentName?: Text
  buildNumber?: Text
  /** refs/heads/BRANCH unless said otherwise. */
  ref?: Text
  /** Milliseconds. */
  duration?: Renderable<number>
  /** { failed, skipped, successful }: of the properties tests_failed, tests_skipped and tests_successful unless said otherwise. */
  testResults?: Renderable<{ [count: string]: number }>
}

export type BitbucketServerCommentOptions = ReporterOptions & Connection & {
  baseURL: string
  /** An HTTP access token; or `auth`. */
  token?: Text
  auth?: Password
  /** Nothing is said of the start unless said here. */
  startDescription?: Text
  /** A line for each build unless said otherwise. */
  endDescription?: Text
}

export type BitbucketStatusOptions = ReporterOptions & Connection & Descriptions & {
  /** Of an OAuth consumer; or an access token, or a user's app password. */
  oauthKey?: Text
  oauthSecret?: Text
  token?: Text
  auth?: Password
  /** https://api.bitbucket.org/2.0/repositories unless said otherwise. */
  baseURL?: string
  oauthURL?: string
  /** %(prop:buildername)s unless said otherwise; what Bitbucket is told is its SHA-1. */
  statusKey?: Text
  statusName?: Text
}

/** Reporters of code hosts. */
export type HostReporterDeclaration =
  | Declared<'reporter.githubStatus', GithubStatusOptions>
  | Declared<'reporter.githubChecks', GithubChecksOptions>
  | Declared<'reporter.githubComment', GithubCommentOptions>
  | Declared<'reporter.gitlabStatus', GitlabStatusOptions>
  | Declared<'reporter.giteaStatus', GiteaStatusOptions>
  | Declared<'reporter.bitbucketServerStatus', BitbucketServerStatusOptions>
  | Declared<'reporter.bitbucketServerComment', BitbucketServerCommentOptions>
  | Declared<'reporter.bitbucketStatus', BitbucketStatusOptions>

export const hostReporters = {
  /** The status of commits on GitHub, a context for each builder: pending, success, failure or error. */
  githubStatus: (options: GithubStatusOptions): HostReporterDeclaration => declare('reporter.githubStatus', options),
  /** Check runs on GitHub, with what failed and the end of its log: for GitHub Apps. */
  githubChecks: (options: GithubChecksOptions): HostReporterDeclaration => declare('reporter.githubChecks', options),
  /** A comment on GitHub's pull requests with what their builds came to. */
  githubComment: (options: GithubCommentOptions): HostReporterDeclaration => declare('reporter.githubComment', options),
  /** The status of commits on GitLab: pending, running, success, failed or canceled. */
  gitlabStatus: (options: GitlabStatusOptions): HostReporterDeclaration => declare('reporter.gitlabStatus', options),
  /** The status of commits on Gitea or Forgejo. */
  giteaStatus: (options: GiteaStatusOptions): HostReporterDeclaration => declare('reporter.giteaStatus', options),
  /** Build statuses on Bitbucket Server and Data Center. */
  bitbucketServerStatus: (options: BitbucketServerStatusOptions): HostReporterDeclaration => declare('reporter.bitbucketServerStatus', options),
  /** A comment on the pull request of the property pullrequesturl, another one each time. */
  bitbucketServerComment: (options: BitbucketServerCommentOptions): HostReporterDeclaration => declare('reporter.bitbucketServerComment', options),
  /** Build statuses on bitbucket.org. */
  bitbucketStatus: (options: BitbucketStatusOptions): HostReporterDeclaration => declare('reporter.bitbucketStatus', options),
}
