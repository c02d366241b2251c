import { hostKinds, type HookHost, type HostAnswer, type HostAsk, type HostOperations, type Json } from '@yardmaster/domain'
import type { HttpDeps } from './http/exchange.js'
import { jsonCall } from './http/json-call.js'

export type OpenHost = HostOperations & { request(method: HostAsk['method'], path: string, body?: Json): Promise<Json> }

/** A repository at its code host, by a token. `apiUrl` null: of the public service. Everything rejects with what the host said; no secret is in that. */
export function openHost({ host, apiUrl, token, repository }: { host: HookHost; apiUrl: string | null; token: string | null; repository: string }, deps: HttpDeps): OpenHost {
  const kind = hostKinds[host]
  const baseUrl = apiUrl ?? kind.publicUrl
  const ask = async ({ method, path, body, answers }: HostAsk): Promise<HostAnswer> => {
    if (token === null || baseUrl === null) throw new Error(`${method} ${path}: changeHooks.${host} has no ${token === null ? 'token' : 'apiUrl'}, so nothing can be asked there`)
    const api = { baseUrl: baseUrl.replace(/\/+$/, ''), headers: kind.headers(token), trust: { verify: true, ca: null }, secrets: [token] }
    return jsonCall(api, { method, path, ...(body === undefined ? {} : { body }), ...(answers && { answers }) }, deps)
  }
  return { ...kind.operations(repository, ask), request: async (method, path, body) => (await ask({ method, path, ...(body === undefined ? {} : { body }) })).body }
}
