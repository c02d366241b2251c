import type { SecretRef } from '@yardmaster/domain'
import { declare } from './declare.js'
import type { Declared } from './declare.js'

export type NoAuthOptions = {
  /** Also where others than this machine's own users reach the installation: whoever can, may do everything. */
  anywhere?: boolean
}

export type UserFileOptions = {
  /** As `yard user` and `htpasswd -B` write it; relative to the folder of the configuration. It is read again when it changes. */
  file: string
}

type OAuthOptions = {
  /** Of the application that was registered there, with the callback address BASE_URL/auth/login. */
  clientId: string | SecretRef
  clientSecret: string | SecretRef
  /** Who has not signed in is sent there without being asked. */
  autologin?: boolean
}

export type GithubAuthOptions = OAuthOptions & {
  /** Of GitHub Enterprise, e.g. `https://github.example.org`. */
  serverURL?: string
  /** Where it is not GitHub's usual one. */
  apiURL?: string
  /** The user's teams are groups, too, as organization/team. */
  getTeamsMembership?: boolean
  /** Only their members may sign in. */
  organizations?: string[]
}

export type GitlabAuthOptions = OAuthOptions & {
  /** E.g. `https://gitlab.example.org`; gitlab.com unless said otherwise. */
  instanceUri?: string
  /** Only their members may sign in: full paths. */
  groups?: string[]
}

export type OidcAuthOptions = OAuthOptions & {
  /** E.g. `https://sso.example.org/realms/main`: its `.well-known/openid-configuration` tells the rest. */
  issuer: string
  /** On the button: 'Sign in with NAME'; the issuer's host unless said otherwise. */
  name?: string
  /** ['openid', 'profile', 'email'] unless said otherwise. */
  scopes?: string[]
  /** Which claims have what: preferred_username, name, email and groups unless said otherwise. */
  claims?: { username?: string; fullName?: string; email?: string; groups?: string }
  /** Only their members may sign in. */
  groups?: string[]
}

export type RemoteUserAuthOptions = {
  /** 'REMOTE_USER' unless said otherwise. */
  header?: string
  /** With a group `username`; `(?<username>[^ @]+)@(?<realm>[^ @]+)` unless said otherwise. */
  headerRegex?: RegExp | string
  emailHeader?: string
  fullNameHeader?: string
  /** Groups, separated by commas. */
  groupsHeader?: string
}

export type AuthDeclaration =
  | Declared<'auth.none', NoAuthOptions> | Declared<'auth.users', { users: { [name: string]: string | SecretRef } }> | Declared<'auth.userFile', UserFileOptions>
  | Declared<'auth.github', GithubAuthOptions> | Declared<'auth.gitlab', GitlabAuthOptions> | Declared<'auth.oidc', OidcAuthOptions> | Declared<'auth.remoteUser', RemoteUserAuthOptions>

/** Where people sign in: `www: { auth: auth.userFile({ file: 'users' }) }`. */
export const auth = {
  /** Nobody signs in, and everybody on this machine may do everything: Buildbot's NoAuth. */
  none: (options: NoAuthOptions = {}): AuthDeclaration => declare('auth.none', options),
  /** Passwords by name: Buildbot's UserPasswordAuth. */
  users: (users: { [name: string]: string | SecretRef }): AuthDeclaration => declare('auth.users', { users }),
  /** Buildbot's HTPasswdAuth, with bcrypt. */
  userFile: (options: UserFileOptions): AuthDeclaration => declare('auth.userFile', options),
  github: (options: GithubAuthOptions): AuthDeclaration => declare('auth.github', options),
  gitlab: (options: GitlabAuthOptions): AuthDeclaration => declare('auth.gitlab', options),
  /** OpenID Connect: Keycloak, Google, Entra ID, Okta, Dex, Authentik… */
  oidc: (options: OidcAuthOptions): AuthDeclaration => declare('auth.oidc', options),
  /** A proxy in front has signed the user in and says so in a header; it must be one of YARD_TRUSTED_PROXIES. */
  remoteUser: (options: RemoteUserAuthOptions = {}): AuthDeclaration => declare('auth.remoteUser', options),
}
