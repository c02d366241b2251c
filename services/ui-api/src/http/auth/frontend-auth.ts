import { isOAuth, nameOfAuth, type AuthConfig, type Caller } from '@yardmaster/domain'

/** What Buildbot's page is told of how people sign in. */
export function authOfFrontend(auth: AuthConfig): { [name: string]: string | boolean } {
  const icons = { github: 'fa-github', gitlab: 'fa-git', oidc: 'fa-sign-in' }
  return { name: nameOfAuth(auth), ...(isOAuth(auth) ? { oauth2: true, fa_icon: icons[auth.kind], autologin: auth.autologin } : {}) }
}

/** As Buildbot's `user`. */
export function userOf({ username, fullName, email, groups }: Caller): { [name: string]: string | boolean | string[] | null } {
  if (username === null) return { anonymous: true }
  return { username, full_name: fullName, email, groups }
}
