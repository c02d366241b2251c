import type { SecretRef } from '../renderable.js'

type Text = string | SecretRef

/** Where people sign in: Buildbot's `www.auth`. */
export type AuthConfig = NoAuth | UsersAuth | UserFileAuth | OAuthConfig | RemoteUserAuth

/** Everybody may do everything, which is refused beyond this machine unless it is said to be meant (`anywhere`). */
export type NoAuth = { kind: 'none'; anywhere: boolean }

/** Passwords by name. */
export type UsersAuth = { kind: 'users'; users: { [name: string]: Text } }

/** A file of names and bcrypt hashes, as Apache's htpasswd -B writes it; relative to the configuration file's folder. */
export type UserFileAuth = { kind: 'userFile'; file: string }

/** Where a browser is sent to, and comes back from with a code. */
export type OAuthConfig = GithubAuth | GitlabAuth | OidcAuth

type OAuthClient = { clientId: Text; clientSecret: Text; /** Who has not signed in is sent there without being asked. */ autologin: boolean }

/** The user's organizations are groups, and with `getTeamsMembership` the teams, as organization/team. */
export type GithubAuth = OAuthClient & {
  kind: 'github'
  /** Of GitHub Enterprise; null: github.com. */
  serverURL: string | null
  /** Null: of github.com, or of `serverURL`. */
  apiURL: string | null
  getTeamsMembership: boolean
  /** Only their members come in; null: everybody who has an account. */
  organizations: string[] | null
}

/** The user's GitLab groups are groups, by their full path. */
export type GitlabAuth = OAuthClient & {
  kind: 'gitlab'
  instanceUri: string
  /** Only their members come in; null: everybody who has an account. */
  groups: string[] | null
}

export type OidcAuth = OAuthClient & {
  kind: 'oidc'
  /** As it is told to who signs in. */
  name: string
  issuer: string
  scopes: string[]
  /** Names of the claims that have these. */
  claims: { username: string; fullName: string; email: string; groups: string }
  /** Only their members come in; null: everybody whom the provider lets in. */
  groups: string[] | null
}

/** A proxy in front, one of YARD_TRUSTED_PROXIES, has signed the user in, and says who it is. */
export type RemoteUserAuth = {
  kind: 'remoteUser'
  header: string
  /** With a group `username`, and perhaps `realm`, `email`, `full_name`; it has to match from the beginning. */
  headerRegex: { source: string; flags: string }
  emailHeader: string | null
  fullNameHeader: string | null
  /** Groups, separated by commas. */
  groupsHeader: string | null
}

/** Seconds, and the most of one user at a time: the oldest goes. `oauth`: the longest of who signs in at a provider, since only then it is asked for groups. */
export type SessionsConfig = { idle: number; longest: number; oauth: number; mostPerUser: number }

export const sessionsDefaults: SessionsConfig = { idle: 7 * 86_400, longest: 30 * 86_400, oauth: 86_400, mostPerUser: 20 }

/** What Buildbot calls the kind, and its own page goes by. */
export function nameOfAuth(auth: AuthConfig): string {
  if (auth.kind === 'oidc') return auth.name
  return { none: 'NoAuth', users: 'UserPasswordAuth', userFile: 'HTPasswdAuth', github: 'GitHub', gitlab: 'GitLab', remoteUser: 'RemoteUserAuth' }[auth.kind]
}

/** Who vouches for a user: one who signed in elsewhere is another, whatever his name. */
export function authorityOf(auth: AuthConfig): string {
  if (auth.kind === 'github') return `github ${auth.serverURL ?? 'https://github.com'}`
  if (auth.kind === 'gitlab') return `gitlab ${auth.instanceUri}`
  // By another claim, a name may be somebody else's: some providers let people choose what they are called.
  return auth.kind === 'oidc' ? `oidc ${auth.issuer} ${auth.claims.username}` : auth.kind
}

/** Whether who has these groups comes in, where only members do: also who came in before that was said, or was one then. */
export function letsMembersIn(auth: AuthConfig, groups: readonly string[]): boolean {
  if (auth.kind === 'github') return auth.organizations === null || auth.organizations.some(wanted => groups.some(group => group.toLowerCase() === wanted.toLowerCase()))
  if (auth.kind === 'gitlab' || auth.kind === 'oidc') return auth.groups === null || auth.groups.some(wanted => groups.includes(wanted))
  return true
}

export const isOAuth = (auth: AuthConfig): auth is OAuthConfig => auth.kind === 'github' || auth.kind === 'gitlab' || auth.kind === 'oidc'
