import type { HttpDeps, Trust } from '../http/exchange.js'
import { jsonCall, type JsonAnswer, type JsonCall, type JsonHost } from '../http/json-call.js'
import { SendError } from '../send-error.js'
import { forgetToken, installationToken, type GithubApp } from './app-tokens.js'

/** How a GitHub is reached: with a token, or as an app; neither: as anybody. */
export type GithubAccess = { baseUrl: string; token: string | null; app: GithubApp | null; trust: Trust }

export type Github = {
  /** A call about a repository (`owner/repo`); the path is what follows it, `/statuses/SHA`. Throws SendError. */
  call(repository: string, call: JsonCall): Promise<JsonAnswer>
}

export function openGithub({ baseUrl, token, app, trust }: GithubAccess, deps: HttpDeps): Github {
  const host: JsonHost = {
    baseUrl: baseUrl.replace(/\/+$/, ''), trust, secrets: token === null ? [] : [token],
    headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
  }
  const callWith = (given: string | null, repository: string, call: JsonCall): Promise<JsonAnswer> => {
    const as: JsonHost = given === null ? host : { ...host, headers: { ...host.headers, authorization: `token ${given}` }, secrets: [given] }
    return jsonCall(as, { ...call, path: `/repos/${repository}${call.path}` }, deps)
  }
  return {
    async call(repository, call) {
      if (!app) return callWith(token, repository, call)
      const first = await callWith(await installationToken(host, app, repository, deps), repository, { ...call, answers: [...call.answers ?? [], 401] })
      if (first.status !== 401) return first
      // An app's tokens end early when its rights are changed.
      forgetToken(host, app, repository)
      return callWith(await installationToken(host, app, repository, deps), repository, call)
    },
  }
}

/** A repository as a path: `owner/repo`, each part as it is in URLs. */
export function repositoryPath(repository: string): string {
  if (!/^[^/]+\/[^/]+$/.test(repository)) throw new SendError(`'${repository}' is no repository: owner/repo`, { outcome: 'refused' })
  return repository.split('/').map(encodeURIComponent).join('/')
}
