import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export type Asked = { method: string; url: URL; form: URLSearchParams; request: IncomingMessage }
export type Said = { status: number; json?: unknown; location?: string }
export type Grant = { challenge: string; redirectUri: string; nonce: string | null; used: boolean }

/** What goes wrong. denied: the user says no. expired: the code is not good any more. down: every answer of the API is a 500. */
export type Mishap = 'denied' | 'expired' | 'down' | null

export type FakeProvider = { url: string; /** As it was asked, without the query. */ asked: string[]; mishap: Mishap; close(): Promise<void> }

export const client = { id: 'yard-client', secret: 'the-client-secret-of-tests' }

/** An OAuth provider on a free port: whoever is sent there says yes at once. `answer` has the rest of its paths. */
export async function startFakeProvider({ authorizePath, tokenPath, refused, tokens, answer }: {
  authorizePath: string
  tokenPath: string
  /** What it says to a code that it does not take. */
  refused: Said
  tokens(grant: Grant, accessToken: string): object
  answer(asked: Asked, provider: { url: string; isToken(token: string): boolean }): Said | null
}): Promise<FakeProvider> {
  const grants = new Map<string, Grant>()
  const given = new Set<string>()
  let count = 0

  const authorize = ({ url }: Asked): Said => {
    const back = new URL(url.searchParams.get('redirect_uri') ?? '')
    back.searchParams.set('state', url.searchParams.get('state') ?? '')
    if (url.searchParams.get('client_id') !== client.id || url.searchParams.get('code_challenge_method') !== 'S256') return { status: 400, json: { error: 'invalid_request' } }
    if (fake.mishap === 'denied') back.searchParams.set('error', 'access_denied')
    else {
      const code = `code-${++count}`
      grants.set(code, { challenge: url.searchParams.get('code_challenge') ?? '', redirectUri: url.searchParams.get('redirect_uri') ?? '', nonce: url.searchParams.get('nonce'), used: false })
      back.searchParams.set('code', code)
    }
    return { status: 302, location: back.href }
  }
  const exchange = ({ form }: Asked): Said => {
    const grant = grants.get(form.get('code') ?? '')
    const right = grant && !grant.used && fake.mishap !== 'expired' && form.get('client_id') === client.id && form.get('client_secret') === client.secret && form.get('redirect_uri') === grant.redirectUri
      && createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url') === grant.challenge
    if (!grant || !right) return refused
    grant.used = true
    const token = `token-${++count}`
    given.add(token)
    return { status: 200, json: { access_token: token, token_type: 'bearer', ...tokens(grant, token) } }
  }
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', fake.url)
    const asked: Asked = { method: request.method ?? '', url, form: new URLSearchParams(await text(request)), request }
    fake.asked.push(`${asked.method} ${url.pathname}`)
    const said = url.pathname === authorizePath ? authorize(asked)
      : fake.mishap === 'down' ? { status: 500, json: { error: 'server_error' } }
        : url.pathname === tokenPath ? exchange(asked) : answer(asked, { url: fake.url, isToken: token => given.has(token) }) ?? { status: 404, json: { message: 'Not Found' } }
    response.writeHead(said.status, { 'content-type': 'application/json; charset=utf-8', ...(said.location === undefined ? {} : { location: said.location }) }).end(JSON.stringify(said.json ?? {}))
  }
  const server = createServer((request, response) => { serve(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined)) })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const fake: FakeProvider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: [], mishap: null,
    close: () => new Promise(resolve => { server.close(() => resolve()); server.closeAllConnections() }),
  }
  return fake
}

export const bearer = ({ request }: Asked): string => (request.headers.authorization ?? '').replace(/^bearer /i, '')
