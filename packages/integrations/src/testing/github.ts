import type { Json } from '@yardmaster/domain'
import { startFakeHost } from './fake-host.js'
import type { FakeHost, HostAnswer, HostRequest, Route } from './fake-host.js'
import { appRoutes, type GithubApp } from './github-apps.js'
import { checkRoutes } from './github-checks.js'
import { invalid, notFound, page, type RepositoryRoute } from './github-routes.js'
import { known, listIn, newRepository, type GithubActor, type GithubPull, type GithubRepository, type GithubStatus } from './github-state.js'

export type FakeGithubOptions = {
  tls?: { key: string; cert: string }
  /** '/api/v3' for an Enterprise Server. */
  prefix?: string
  /** Seconds since 1970 at which limits begin anew: of the test's own clock. */
  resetAt?: number
}

export type FakeGithub = FakeHost & {
  repositories: Map<string, GithubRepository>
  tokens: Map<string, GithubActor>
  apps: Map<string, GithubApp>
  /** How many requests are left until the limit; Infinity at first. */
  setRemaining(count: number): void
  addRepository(fullName: string, commits?: { [sha: string]: string } | null): GithubRepository
  addPull(fullName: string, pull: Partial<GithubPull> & { number: number }): void
  /** What was ever written of a commit, in order. */
  statuses(fullName: string, sha: string): GithubStatus[]
  /** The newest state by context: what a merge is decided by. */
  truth(fullName: string, sha: string): { [context: string]: string }
}

const STATES = ['error', 'failure', 'pending', 'success']
const MOST_STATUSES = 1000
const LIMIT = 5000

/** GitHub's REST API, as far as reporters and hooks use it: the same paths, bodies, statuses and headers. Any token that was added may do what its right says. */
export async function startFakeGithub(options: FakeGithubOptions = {}): Promise<FakeGithub> {
  const repositories = new Map<string, GithubRepository>()
  const tokens = new Map<string, GithubActor>()
  const apps = new Map<string, GithubApp>()
  const resetAt = options.resetAt ?? 4_102_444_800
  let remaining = Infinity
  let ids = 0
  const nextId = (): number => ++ids

  const actorOf = ({ headers }: HostRequest): GithubActor | undefined => tokens.get((headers.authorization ?? '').replace(/^(token|Bearer) /i, ''))
  const inRepository = ([method, path, answer, right = 'read']: RepositoryRoute): Route => [method, new RegExp(`^/repos/([^/]+/[^/]+)${path}$`), (request, fullName = '', ...groups) => {
    const actor = actorOf(request)
    const repository = repositories.get(fullName)
    if (!actor || !repository || (actor.repositories && !actor.repositories.includes(fullName))) return notFound
    if (right === 'write' && actor.right !== 'write') return { status: 403, body: { message: 'Resource not accessible by personal access token' } }
    return answer({ repository, actor, request, nextId }, ...groups)
  }]
  const before = (request: HostRequest): HostAnswer | null => {
    const forApps = request.path.startsWith('/app/') || request.path.endsWith('/installation')
    if (!forApps && !actorOf(request)) return { status: 401, body: { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest' } }
    if (remaining <= 0) return { status: 403, body: { message: 'API rate limit exceeded for user ID 1.' } }
    remaining--
    return null
  }
  const limits = (answer: HostAnswer): HostAnswer => ({
    ...answer,
    headers: { 'x-ratelimit-limit': String(LIMIT), 'x-ratelimit-remaining': String(Math.min(LIMIT, Math.max(0, remaining))), 'x-ratelimit-reset': String(resetAt), 'x-ratelimit-resource': 'core', ...answer.headers },
  })

  const host = await startFakeHost({
    routes: [...appRoutes({ apps, tokens, nextId }), ...[...statusRoutes, ...checkRoutes, ...conversationRoutes].map(inRepository)],
    before, after: limits, ...(options.tls ? { tls: options.tls } : {}), ...(options.prefix === undefined ? {} : { prefix: options.prefix }),
  })
  return {
    ...host,
    repositories, tokens, apps,
    setRemaining: count => { remaining = count },
    addRepository(fullName, commits = null) {
      const repository = newRepository(commits)
      repositories.set(fullName, repository)
      return repository
    },
    addPull(fullName, pull) {
      const whole = { head: { sha: '', ref: 'topic' }, base: { ref: 'main' }, title: '', files: [], ...pull }
      repositories.get(fullName)?.pulls.set(pull.number, whole)
    },
    statuses: (fullName, sha) => repositories.get(fullName)?.statuses.get(sha) ?? [],
    truth: (fullName, sha) => Object.fromEntries((repositories.get(fullName)?.statuses.get(sha) ?? []).map(({ context, state }) => [context, state])),
  }
}

const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)

const statusRoutes: RepositoryRoute[] = [
  ['POST', '/statuses/([^/]+)', ({ repository, actor, request: { body }, nextId }, sha = '') => {
    const state = text(body['state']) ?? ''
    const context = text(body['context']) ?? 'default'
    const description = text(body['description'])
    if (!/^[0-9a-f]{40}$/.test(sha) || !known(repository, sha)) return invalid(`No commit found for SHA: ${sha}`)
    if (!STATES.includes(state)) return invalid('Validation Failed', [{ resource: 'Status', code: 'custom', field: 'state', message: 'state is not included in the list' }])
    if ((description?.length ?? 0) > 140) return invalid('Validation Failed', [{ resource: 'Status', code: 'custom', field: 'description', message: 'description is too long (maximum is 140 characters)' }])
    const written = listIn(repository.statuses, sha)
    if (written.filter(status => status.context === context).length >= MOST_STATUSES) {
      return invalid('Validation Failed', [{ resource: 'Status', code: 'custom', message: 'This SHA and context has reached the maximum number of statuses.' }])
    }
    const status = { id: nextId(), state, context, description, target_url: text(body['target_url']), creator: actor.login }
    written.push(status)
    return { status: 201, body: { ...status, creator: { login: actor.login } } }
  }, 'write'],
  ['GET', '/commits/([^/]+)/statuses', ({ repository }, sha = '') => ({ status: 200, body: (repository.statuses.get(sha) ?? []).toReversed() })],
  ['GET', '/commits/([^/]+)', ({ repository }, sha = '') =>
    known(repository, sha) ? { status: 200, body: { sha, commit: { message: repository.commits?.get(sha) ?? '' }, files: [] } } : invalid(`No commit found for SHA: ${sha}`)],
]

const issue = '([0-9]+)'
const conversationRoutes: RepositoryRoute[] = [
  ['GET', `/issues/${issue}/comments`, ({ repository, request }, number) =>
    page((repository.comments.get(Number(number)) ?? []).map(({ id, body, user }) => ({ id, body, user: { login: user } })), request)],
  ['POST', `/issues/${issue}/comments`, ({ repository, actor, request: { body }, nextId }, number) => {
    if (!repository.pulls.has(Number(number))) return notFound
    if (text(body['body']) === null) return invalid('Validation Failed', [{ resource: 'IssueComment', code: 'missing_field', field: 'body' }])
    const comment = { id: nextId(), body: text(body['body']) ?? '', user: actor.login }
    listIn(repository.comments, Number(number)).push(comment)
    return { status: 201, body: { id: comment.id, body: comment.body, html_url: `https://github.example.org/pull/${number}#issuecomment-${comment.id}` } }
  }, 'write'],
  ['PATCH', '/issues/comments/([0-9]+)', ({ repository, request: { body } }, id) => {
    const comment = [...repository.comments.values()].flat().find(one => one.id === Number(id))
    if (!comment) return notFound
    comment.body = text(body['body']) ?? ''
    return { status: 200, body: { id: comment.id, body: comment.body, html_url: `https://github.example.org/pull/1#issuecomment-${comment.id}` } }
  }, 'write'],
  ['GET', `/pulls/${issue}`, ({ repository }, number) => {
    const pull = repository.pulls.get(Number(number))
    return pull ? { status: 200, body: { number: pull.number, title: pull.title, head: pull.head, base: pull.base, commits: 1 } } : notFound
  }],
  ['GET', `/pulls/${issue}/files`, ({ repository, request }, number) => {
    const pull = repository.pulls.get(Number(number))
    return pull ? page(pull.files, request) : notFound
  }],
  ['POST', `/issues/${issue}/labels`, ({ repository, request: { body } }, number) => {
    const labels = listIn(repository.labels, Number(number))
    for (const label of Array.isArray(body['labels']) ? body['labels'] : []) labels.push(String(label))
    return { status: 200, body: labels.map(name => ({ name })) }
  }, 'write'],
  ['GET', '/collaborators/([^/]+)/permission', ({ repository }, login = '') => ({ status: 200, body: { permission: repository.permissions.get(login) ?? 'none', user: { login } } })],
]
