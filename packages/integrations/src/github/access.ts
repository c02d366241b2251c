import type { Json } from '@yardmaster/domain'
import { textOf } from '../code-hosts/commit-report.js'
import type { SendContext } from '../reporter-kind.js'
import { SendError } from '../send-error.js'
import { GITHUB_API, openGithub, type Github } from './client.js'
import type { GithubApp } from './app-tokens.js'

/** The host of a reporter's base URL, as targets name it. */
export const hostOf = (baseUrl: string): string => (URL.canParse(baseUrl) ? new URL(baseUrl).host : baseUrl)

/** The GitHub that a reporter's options name, with their secrets. */
export async function githubOf({ option, ...deps }: SendContext): Promise<Github> {
  const [baseUrl, token, app, verify, ca] = [await option('baseURL'), await option('token'), await option('app'), await option('verify'), await option('ca')]
  return openGithub({ baseUrl: textOf(baseUrl) || GITHUB_API, token: textOf(token) || null, app: appOf(app), trust: { verify: verify !== false, ca: textOf(ca) || null } }, deps)
}

function appOf(app: Json): GithubApp | null {
  if (typeof app !== 'object' || app === null || Array.isArray(app)) return null
  const { appId, privateKey, installationId } = app
  if (typeof privateKey !== 'string' || (typeof appId !== 'string' && typeof appId !== 'number')) throw new SendError('app: { appId, privateKey } is not complete', { outcome: 'refused' })
  return { appId: String(appId), privateKey, installationId: installationId === null || installationId === undefined ? null : textOf(installationId) }
}
