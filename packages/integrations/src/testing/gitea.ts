import type { Json } from '@yardmaster/domain'
import { startFakeHost, type FakeHost, type HostAnswer } from './fake-host.js'

export type GiteaStatus = { id: number; status: string; context: string; description: string; target_url: string }

export type FakeGitea = FakeHost & {
  /** Tokens that may write. */
  tokens: Set<string>
  /** Commits by repository; null: whatever is asked for is there. */
  repositories: Map<string, string[] | null>
  statuses(repository: string, sha: string): GiteaStatus[]
  truth(repository: string, sha: string): { [context: string]: string }
}

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

/** Gitea's API for statuses of commits: all are kept, the newest of a context counts. */
export async function startFakeGitea(): Promise<FakeGitea> {
  const tokens = new Set<string>()
  const repositories = new Map<string, string[] | null>()
  const written = new Map<string, GiteaStatus[]>()
  const of = (repository: string, sha: string): GiteaStatus[] => written.get(`${repository}@${sha}`) ?? []

  const host = await startFakeHost({
    routes: [['POST', /^\/api\/v1\/repos\/([^/]+\/[^/]+)\/statuses\/([^/]+)$/, ({ body }, repository = '', sha = ''): HostAnswer => {
      const commits = repositories.get(repository)
      if (commits === undefined) return { status: 404, body: { message: 'The target couldn\'t be found.', errors: [] } }
      if (commits && !commits.includes(sha)) return { status: 404, body: { message: `object does not exist [id: ${sha}, rel_path: ]` } }
      const state = text(body['state'])
      if (!['pending', 'success', 'error', 'failure', 'warning'].includes(state)) return { status: 422, body: { message: '[]: unknown commit status state' } }
      const status = { id: of(repository, sha).length + 1, status: state, context: text(body['context']), description: text(body['description']), target_url: text(body['target_url']) }
      written.set(`${repository}@${sha}`, [...of(repository, sha), status])
      return { status: 201, body: status }
    }]],
    before: ({ headers }) => (tokens.has((headers.authorization ?? '').replace(/^token /, '')) ? null : { status: 401, body: { message: 'token is required' } }),
  })
  return { ...host, tokens, repositories, statuses: of, truth: (repository, sha) => Object.fromEntries(of(repository, sha).map(({ context, status }) => [context, status])) }
}
