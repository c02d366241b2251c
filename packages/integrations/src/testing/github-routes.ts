import type { Json } from '@yardmaster/domain'
import type { HostAnswer, HostRequest } from './fake-host.js'
import type { GithubActor, GithubRepository } from './github-state.js'

export const notFound: HostAnswer = { status: 404, body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest' } }
export const invalid = (message: string, errors: Json[] = []): HostAnswer => ({ status: 422, body: { message, errors, documentation_url: 'https://docs.github.com/rest' } })

/** What a route knows of who asks, and of which repository. */
export type Asked = { repository: GithubRepository; actor: GithubActor; request: HostRequest; nextId(): number }
export type RepositoryRoute = [method: string, path: string, answer: (asked: Asked, ...groups: string[]) => HostAnswer, right?: 'write' | 'read']

/** GitHub's pages, with the next one's address in the header. */
export function page(items: Json[], { query, path }: HostRequest): HostAnswer {
  const perPage = Math.min(100, Number(query.get('per_page') ?? 30))
  const number = Number(query.get('page') ?? 1)
  const more = items.length > number * perPage
  return { status: 200, body: items.slice((number - 1) * perPage, number * perPage), headers: more ? { link: `<https://api.github.example.org${path}?per_page=${perPage}&page=${number + 1}>; rel="next"` } : {} }
}
