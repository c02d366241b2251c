import { createHash, createPrivateKey, sign } from 'node:crypto'
import { isRecord, type Json } from '@yardmaster/domain'
import type { HttpDeps } from '../http/exchange.js'
import { jsonCall, type JsonCall, type JsonHost } from '../http/json-call.js'
import { SendError } from '../send-error.js'

/** A GitHub App: who we are, and which of its installations is meant; null: the repository's. */
export type GithubApp = { appId: string; privateKey: string; installationId: string | null }

/** Tokens are good for an hour; one that is about to end could end under way. */
const SPARE_MS = 300_000
const LONGEST_MS = 3_600_000
/** GitHub takes ten minutes at most, and none from the future, by its own clock. */
const BACK_S = 60
const AHEAD_S = 480

type Kept = { token: string; until: number }
const kept = new Map<string, Kept>()

/** The token of the app's installation for a repository (`owner/repo`), kept until shortly before it ends. Throws SendError. */
export async function installationToken(host: JsonHost, app: GithubApp, repository: string, deps: HttpDeps): Promise<string> {
  const key = keyOf(host, app, repository)
  const known = kept.get(key)
  if (known && known.until > deps.clock.monotonic()) return known.token
  const jwt = webToken(app, deps.clock.now())
  const asApp: JsonHost = { ...host, headers: { ...host.headers, authorization: `Bearer ${jwt}` }, secrets: [...host.secrets, jwt, app.privateKey] }
  const call = (wanted: JsonCall) => jsonCall(asApp, wanted, deps)
  const id = app.installationId ?? numberText((await call({ method: 'GET', path: `/repos/${repository}/installation` })).body, 'id')
  const { body, headers } = await call({ method: 'POST', path: `/app/installations/${id}/access_tokens` })
  const token = numberText(body, 'token')
  // Both times are the host's: its clock need not agree with ours.
  const lasts = Date.parse(numberText(body, 'expires_at')) - Date.parse(headers.date ?? '')
  kept.set(key, { token, until: deps.clock.monotonic() + Math.min(Number.isFinite(lasts) ? lasts : LONGEST_MS, LONGEST_MS) - SPARE_MS })
  return token
}

/** The host does not take it any more. */
export function forgetToken(host: JsonHost, app: GithubApp, repository: string): void {
  kept.delete(keyOf(host, app, repository))
}

/** The key is part of it: a new one is used at once. */
function keyOf(host: JsonHost, app: GithubApp, repository: string): string {
  const owner = repository.split('/')[0] ?? ''
  return [host.baseUrl, app.appId, app.installationId ?? owner, createHash('sha256').update(app.privateKey).digest('hex')].join('\n')
}

function webToken({ appId, privateKey }: GithubApp, now: number): string {
  const seconds = Math.floor(now / 1_000)
  const part = (value: Json): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iat: seconds - BACK_S, exp: seconds + AHEAD_S, iss: appId })}`
  try {
    return `${body}.${sign('RSA-SHA256', Buffer.from(body), createPrivateKey(privateKey)).toString('base64url')}`
  } catch (error) {
    throw new SendError(`the private key of GitHub App ${appId} cannot be used: ${error instanceof Error ? error.message : String(error)}: is it the PEM file that GitHub made?`, { outcome: 'again', retryAfterMs: 60_000 })
  }
}

function numberText(body: Json, key: string): string {
  const value = isRecord(body) ? body[key] : undefined
  if (typeof value !== 'string' && typeof value !== 'number') throw new SendError(`GitHub's answer has no '${key}'`, { outcome: 'again' })
  return String(value)
}
