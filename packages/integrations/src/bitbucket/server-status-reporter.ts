import { recordOf, RETRY, SUCCESS, type Json, type Report } from '@yardmaster/domain'
import type { CommitReport } from '../code-hosts/commit-report.js'
import { basic, connectionOf, optionValue, secretText } from '../code-hosts/connection.js'
import { onceEach, statusDriver, type Commit, type Words } from '../code-hosts/status-driver.js'
import { cut, propertyText } from '../code-hosts/values.js'
import { jsonCall } from '../http/json-call.js'
import type { SendContext } from '../reporter-kind.js'
import { SendError } from '../send-error.js'

/** The most that Bitbucket Server takes in any field but the URL. */
const LONGEST = 255

/** `PROJECT/repository` of a clone URL, or of a page's address as webhooks tell it; null: neither. */
export function serverRepository(url: string): string | null {
  const [, kind, owner, slug] = /\/(projects|users)\/([^/]+)\/repos\/([^/]+)/.exec(url) ?? []
  if (owner !== undefined && slug !== undefined) return `${kind === 'users' ? '~' : ''}${owner}/${slug}`
  const [, project, repository] = /^.*?\/([^/]+)\/([^/]+?)(?:\.git)?\/?$/.exec(url) ?? []
  return project !== undefined && repository !== undefined ? `${project}/${repository}` : null
}

const commitsOf = (report: Report): Commit[] => onceEach(report.sourcestamps.flatMap(({ repository, revision, branch }) => {
  const named = serverRepository(repository)
  return named === null || revision === null || revision === '' ? [] : [{ repository: named, sha: revision, branch }]
}))

/** As Buildbot's; a build that is to be tried again is still awaited. */
const stateOf = ({ results }: CommitReport): string => (results === null || results === RETRY ? 'INPROGRESS' : results === SUCCESS ? 'SUCCESSFUL' : 'FAILED')

/** What Buildbot's BitbucketServerStatusPush tells: of a commit, in whatever repository it is. */
const oldBody = async (said: CommitReport, key: string, words: Words): Promise<{ [field: string]: Json }> =>
  filled({ state: stateOf(said), url: said.url, key, description: said.description, name: await words.text('statusName') })

/** What its BitbucketServerCoreAPIStatusPush tells: of a commit on a branch, with what pages of builds show. */
async function coreBody({ branch }: Commit, { said, key, report, words }: { said: CommitReport; key: string; report: Report; words: Words }): Promise<{ [field: string]: Json }> {
  const { build } = report
  const number = propertyText(report, 'buildnumber') ?? (build ? String(build.number) : '(build request)')
  const name = await words.text('statusName') || `${report.builder?.name ?? ''} #${number}`
  const ended = said.results !== null && build?.complete_at != null
  const ref = await words.text('ref') || (branch === null ? '' : branch.startsWith('refs/') ? branch : `refs/heads/${branch}`)
  return filled({
    state: stateOf(said), url: said.url, key, description: said.description, name: `${name}${await words.text('statusSuffix')}`, ref,
    parent: await words.text('parentName') || report.builder?.name || '', buildNumber: await words.text('buildNumber') || (build ? String(build.number) : ''),
    duration: ended ? (await words.value('duration')) ?? Math.trunc((build.complete_at ?? 0) - build.started_at) * 1_000 : null,
    testResults: said.results === null ? null : (await words.value('testResults')) ?? testsOf(report),
  })
}

function testsOf({ properties }: Report): Json {
  const count = (name: string): number => Number(properties[name]?.[0] ?? 0) || 0
  const [failed, skipped, successful] = [count('tests_failed'), count('tests_skipped'), count('tests_successful')]
  return failed + skipped + successful === 0 ? null : { failed, skipped, successful }
}

/** Without what is empty, and no longer than it may be. */
const filled = (body: { [field: string]: Json }): { [field: string]: Json } =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null && value !== '').map(([field, value]) => [field, typeof value === 'string' && field !== 'url' ? cut(value, LONGEST) : value]))

export const bitbucketServerStatusDriver = statusDriver({
  word: 'bitbucket',
  unknownCommit: /[Cc]ommit .*does not exist/,
  commits: commitsOf,
  async status(commit, said, report, words) {
    const key = await words.text('key')
    const core = (await words.text('api')) === 'core'
    return { name: key, state: stateOf(said), body: core ? await coreBody(commit, { said, key, report, words }) : await oldBody(said, key, words) }
  },
  async send({ repository, sha, body }, context) {
    const { baseUrl, trust } = await connectionOf(context)
    const [project = '', slug = ''] = repository.split('/').map(encodeURIComponent)
    const commit = encodeURIComponent(sha)
    const path = (await context.option('api')) === 'core' ? `/rest/api/1.0/projects/${project}/repos/${slug}/commits/${commit}/builds` : `/rest/build-status/1.0/commits/${commit}`
    return jsonCall({ baseUrl, trust, ...await credentials(context) }, { method: 'POST', path, body }, context)
  },
})

/** A token, or a name and password. */
export async function credentials(context: SendContext): Promise<{ headers: { [name: string]: string }; secrets: string[] }> {
  const token = await secretText(context, 'token')
  if (token !== null) return { headers: { authorization: `Bearer ${token}` }, secrets: [token] }
  const { user, password } = recordOf(await optionValue(context, 'auth'))
  if (typeof user !== 'string' || typeof password !== 'string') throw new SendError('auth: { user, password } are not texts', { outcome: 'refused' })
  const authorization = basic(user, password)
  return { headers: { authorization }, secrets: [password, authorization.slice('Basic '.length)] }
}
