import type { Json } from '@yardmaster/domain'
import { startFakeHost, type FakeHost, type HostAnswer, type HostRequest } from './fake-host.js'

export type BitbucketStatus = { [field: string]: Json }

export type FakeBitbucket = FakeHost & {
  /** What stands in the header Authorization of those who may write. */
  credentials: Set<string>
  /** By commit and key, as last written: writing a key again replaces it. */
  statuses: Map<string, BitbucketStatus>
  /** On pull requests, in order. */
  comments: { path: string; text: string }[]
  truth(sha: string): { [key: string]: string }
}

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
const common = (credentials: Set<string>, statuses: Map<string, BitbucketStatus>) => ({
  credentials, statuses, comments: [] as FakeBitbucket['comments'],
  truth: (sha: string) => Object.fromEntries([...statuses].filter(([at]) => at.startsWith(`${sha} `)).map(([at, status]) => [at.slice(sha.length + 1), text(status['state'])])),
})

/** Bitbucket Server's build status API 1.0, and the one of 7.4 that knows repositories; comments on pull requests. At `url`, or below /stash. */
export async function startFakeBitbucketServer(repositories: Set<string> = new Set()): Promise<FakeBitbucket> {
  const credentials = new Set<string>()
  const statuses = new Map<string, BitbucketStatus>()
  const failed = (status: number, message: string): HostAnswer => ({ status, body: { errors: [{ context: null, message, exceptionName: null }] } })
  const write = ({ body }: HostRequest, sha: string): HostAnswer => {
    const missing = ['state', 'key', 'url'].find(field => text(body[field]) === '')
    if (missing !== undefined) return failed(400, `${missing} must not be empty`)
    if (!['SUCCESSFUL', 'FAILED', 'INPROGRESS', 'CANCELLED', 'UNKNOWN'].includes(text(body['state']))) return failed(400, 'the state is not known')
    const long = Object.entries(body).find(([field, value]) => text(value).length > (field === 'url' ? 450 : 255))
    if (long) return failed(400, `${long[0]}: the size must be between 0 and 255`)
    statuses.set(`${sha} ${text(body['key'])}`, body)
    return { status: 204 }
  }
  const shared = common(credentials, statuses)
  const host = await startFakeHost({
    prefix: '/stash',
    routes: [
      ['POST', /^\/rest\/api\/1\.0(\/projects\/([^/]+)\/repos\/([^/]+)\/pull-requests\/\d+)\/comments$/, ({ body }, path = '', project = '', slug = '') => {
        if (!repositories.has(`${project}/${slug}`)) return failed(404, `Repository ${project}/${slug} does not exist.`)
        shared.comments.push({ path, text: text(body['text']) })
        return { status: 201, body: { id: shared.comments.length, version: 0, text: text(body['text']) } }
      }],
      ['POST', /^\/rest\/build-status\/1\.0\/commits\/([^/]+)$/, (request, sha = '') => write(request, sha)],
      ['POST', /^\/rest\/api\/1\.0\/projects\/([^/]+)\/repos\/([^/]+)\/commits\/([^/]+)\/builds$/, (request, project = '', slug = '', sha = '') =>
        repositories.has(`${project}/${slug}`) ? write(request, sha) : failed(404, `Repository ${project}/${slug} does not exist.`)],
    ],
    before: ({ headers }) => (credentials.has(headers.authorization ?? '') ? null : failed(401, 'Authentication failed. Please check your credentials and try again.')),
  })
  return { ...host, ...shared }
}

/** Bitbucket Cloud's API 2.0, whose base URL is `url` + /2.0/repositories; its OAuth is at /site/oauth2/access_token. */
export async function startFakeBitbucketCloud(consumers: Map<string, string> = new Map()): Promise<FakeBitbucket> {
  const credentials = new Set<string>()
  const statuses = new Map<string, BitbucketStatus>()
  const failed = (status: number, message: string): HostAnswer => ({ status, body: { type: 'error', error: { message } } })
  let tokens = 0
  const host = await startFakeHost({
    routes: [
      ['POST', /^\/site\/oauth2\/access_token$/, ({ headers, text: form }): HostAnswer => {
        const [key = '', secret = ''] = Buffer.from((headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString('utf8').split(':')
        if (consumers.get(key) !== secret || new URLSearchParams(form).get('grant_type') !== 'client_credentials') return { status: 400, body: { error: 'unauthorized_client', error_description: 'Client credentials are not valid' } }
        const token = `oauth-${++tokens}`
        credentials.add(`Bearer ${token}`)
        return { status: 200, body: { access_token: token, expires_in: 7200, token_type: 'bearer' } }
      }],
      ['POST', /^\/2\.0\/repositories\/[^/]+\/[^/]+\/commit\/([^/]+)\/statuses\/build$/, ({ headers, body }, sha = '') => {
        if (!credentials.has(headers.authorization ?? '')) return failed(401, 'Token is invalid, expired, or not supported for this endpoint.')
        const key = text(body['key'])
        if (key === '' || key.length > 40) return failed(400, 'key: ensure this value has at most 40 characters')
        if (!['SUCCESSFUL', 'FAILED', 'INPROGRESS', 'STOPPED'].includes(text(body['state'])) || text(body['url']) === '') return failed(400, 'Bad request')
        const known = statuses.has(`${sha} ${key}`)
        statuses.set(`${sha} ${key}`, body)
        return { status: known ? 200 : 201, body: { ...body, type: 'build' } }
      }],
    ],
  })
  return { ...host, ...common(credentials, statuses) }
}
