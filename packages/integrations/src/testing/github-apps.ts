import { createVerify } from 'node:crypto'
import type { Json } from '@yardmaster/domain'
import type { HostAnswer, HostRequest, Route } from './fake-host.js'
import type { GithubActor } from './github-state.js'

export type GithubApp = {
  /** PEM. */
  publicKey: string
  slug: string
  /** Repositories by the number of the installation. */
  installations: Map<number, string[]>
  /** How many tokens were asked for. */
  tokensGiven: number
  /** Seconds that a token is good for: 3600. */
  lifetime: number
  /** What this host believes the time to be, epoch seconds. */
  now: () => number
}

const unauthorized = (message: string): HostAnswer => ({ status: 401, body: { message } })

/** The app that a JSON web token is of, or why it is not believed: as GitHub judges it. */
function appOf(apps: Map<string, GithubApp>, { headers }: HostRequest): GithubApp | string {
  const [head = '', claims = '', signature = ''] = (headers.authorization ?? '').replace(/^Bearer /i, '').split('.')
  const said = decoded(claims)
  const app = apps.get(String(said['iss'] ?? ''))
  if (!app || decoded(head)['alg'] !== 'RS256') return 'A JSON web token could not be decoded'
  if (!createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(app.publicKey, signature, 'base64url')) return 'A JSON web token could not be decoded'
  const issued = Number(said['iat'])
  const expires = Number(said['exp'])
  if (!(expires > app.now()) || expires - issued > 600) return "'Expiration time' claim ('exp') is too far in the future"
  return issued > app.now() ? "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued" : app
}

function decoded(part: string): { [claim: string]: Json } {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as { [claim: string]: Json }
  } catch {
    return {}
  }
}

export function appRoutes({ apps, tokens, nextId }: { apps: Map<string, GithubApp>; tokens: Map<string, GithubActor>; nextId(): number }): Route[] {
  return [
    ['GET', /^\/repos\/([^/]+\/[^/]+)\/installation$/, (request, fullName = ''): HostAnswer => {
      const app = appOf(apps, request)
      if (typeof app === 'string') return unauthorized(app)
      const found = [...app.installations].find(([, repositories]) => repositories.includes(fullName))
      return found ? { status: 200, body: { id: found[0] } } : { status: 404, body: { message: 'Not Found' } }
    }],
    ['POST', /^\/app\/installations\/([0-9]+)\/access_tokens$/, (request, id): HostAnswer => {
      const app = appOf(apps, request)
      if (typeof app === 'string') return unauthorized(app)
      const repositories = app.installations.get(Number(id))
      if (!repositories) return { status: 404, body: { message: 'Not Found' } }
      app.tokensGiven++
      const token = `ghs_${nextId()}`
      tokens.set(token, { login: `${app.slug}[bot]`, right: 'write', app: app.slug, repositories })
      return { status: 201, body: { token, expires_at: new Date((app.now() + app.lifetime) * 1_000).toISOString() }, headers: { date: new Date(app.now() * 1_000).toUTCString() } }
    }],
  ]
}
