import type { Json } from '@yardmaster/domain'
import { startFakeHost, type FakeHost, type HostAnswer, type HostRequest } from './fake-host.js'

export type GitlabStatus = { id: number; project: number; sha: string; ref: string; name: string; state: string; description: string | null; target_url: string | null; author: string }
export type GitlabProject = { id: number; path: string; /** null: whatever is asked for is there. */ commits: string[] | null }

export type FakeGitlab = FakeHost & {
  projects: GitlabProject[]
  /** Users by their tokens. */
  tokens: Map<string, string>
  /** In the order in which they were made. */
  statuses: GitlabStatus[]
  /** The state by name of a commit: what is made later replaces what is done. */
  truth(path: string, sha: string): { [name: string]: string }
}

const events: { [state: string]: { event: string; from: string[] } } = {
  pending: { event: 'enqueue', from: ['created'] }, running: { event: 'run', from: ['created', 'pending'] }, success: { event: 'success', from: ['created', 'pending', 'running'] },
  failed: { event: 'drop', from: ['created', 'pending', 'running'] }, canceled: { event: 'cancel', from: ['created', 'pending', 'running'] },
}
const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)

/** GitLab's API v4 for statuses of commits: one that is not done is moved on by GitLab's own rules, which refuse a state that it is in already; one that is done is followed by a new one. */
export async function startFakeGitlab(): Promise<FakeGitlab> {
  const projects: GitlabProject[] = []
  const tokens = new Map<string, string>()
  const statuses: GitlabStatus[] = []

  const write = ({ headers, body }: HostRequest, id = '', sha = ''): HostAnswer => {
    const project = projects.find(one => String(one.id) === id || one.path === id)
    if (!project) return { status: 404, body: { message: '404 Project Not Found' } }
    if (project.commits && !project.commits.includes(sha)) return { status: 404, body: { message: '404 Commit Not Found' } }
    const state = text(body['state']) ?? ''
    const move = events[state]
    if (!move) return { status: 400, body: { error: 'state does not have a valid value' } }
    const [name, ref, author] = [text(body['name']) ?? text(body['context']) ?? 'default', text(body['ref']) ?? 'main', tokens.get(String(headers['private-token'])) ?? '']
    const open = statuses.find(one => one.project === project.id && one.sha === sha && one.name === name && one.ref === ref && one.author === author && ['pending', 'running'].includes(one.state))
    const from = open?.state ?? 'created'
    if (!move.from.includes(from)) return { status: 400, body: { message: `Cannot transition status via :${move.event} from :${from} (Reason(s): Status cannot transition via "${move.event}")` } }
    const status = open ?? { id: statuses.length + 1, project: project.id, sha, ref, name, state, description: null, target_url: null, author }
    Object.assign(status, { state, description: text(body['description']), target_url: text(body['target_url']) })
    if (!open) statuses.push(status)
    return { status: 201, body: { ...status, author: { username: author } } }
  }
  const host = await startFakeHost({
    routes: [['POST', /^\/api\/v4\/projects\/([^/]+)\/statuses\/([^/]+)$/, write]],
    before: ({ headers }) => (tokens.has(String(headers['private-token'])) ? null : { status: 401, body: { message: '401 Unauthorized' } }),
  })
  return {
    ...host, projects, tokens, statuses,
    truth(path, sha) {
      const project = projects.find(one => one.path === path)
      return Object.fromEntries(statuses.filter(one => one.project === project?.id && one.sha === sha).map(({ name, state }) => [name, state]))
    },
  }
}
