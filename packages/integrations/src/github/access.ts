import type { Json } from '@yardmaster/domain'
import { connectionOf, optionValue, secretText } from '../code-hosts/connection.js'
import { textOf } from '../code-hosts/values.js'
import type { SendContext } from '../reporter-kind.js'
import { SendError } from '../send-error.js'
import type { GithubApp } from './app-tokens.js'
import { openGithub, type Github } from './client.js'

/** The GitHub that a reporter's options name, with their secrets. */
export async function githubOf(context: SendContext): Promise<Github> {
  return openGithub({ ...await connectionOf(context), token: await secretText(context, 'token'), app: appOf(await optionValue(context, 'app')) }, context)
}

function appOf(app: Json): GithubApp | null {
  if (typeof app !== 'object' || app === null || Array.isArray(app)) return null
  const { appId, privateKey, installationId } = app
  if (typeof privateKey !== 'string' || (typeof appId !== 'string' && typeof appId !== 'number')) throw new SendError('app: { appId, privateKey } is not complete', { outcome: 'refused' })
  return { appId: String(appId), privateKey, installationId: installationId === null || installationId === undefined ? null : textOf(installationId) }
}
