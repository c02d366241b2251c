import { createHash } from 'node:crypto'
import { RETRY, SUCCESS, type Report } from '@yardmaster/domain'
import { connectionOf, secretText } from '../code-hosts/connection.js'
import { onceEach, statusDriver, type Commit } from '../code-hosts/status-driver.js'
import { cut } from '../code-hosts/values.js'
import { jsonCall, type JsonAnswer, type JsonCall } from '../http/json-call.js'
import type { SendContext } from '../reporter-kind.js'
import { cloudToken, forgetCloudToken } from './cloud-tokens.js'
import { credentials } from './server-status-reporter.js'

const LONGEST = 255

/** `owner/repository`: the last two parts of any of its URLs, the API's too. */
export function cloudRepository(url: string): string | null {
  const [, owner, repository] = /[/:]([^/:]+)\/([^/]+?)(?:\.git)?\/?$/.exec(url) ?? []
  return owner !== undefined && repository !== undefined ? `${owner}/${repository}` : null
}

const commitsOf = (report: Report): Commit[] => onceEach(report.sourcestamps.flatMap(({ repository, revision, branch }) => {
  const named = cloudRepository(repository)
  return named === null || revision === null || revision === '' ? [] : [{ repository: named, sha: revision, branch }]
}))

/** As Buildbot's BitbucketStatusPush: keys are hashed, since Bitbucket takes no more than 40 characters. */
export const bitbucketStatusDriver = statusDriver({
  word: 'bitbucket',
  unknownCommit: /[Cc]ommit .*not found/,
  commits: commitsOf,
  async status(_commit, { results, description, url }, _report, { text }) {
    const state = results === null || results === RETRY ? 'INPROGRESS' : results === SUCCESS ? 'SUCCESSFUL' : 'FAILED'
    const name = await text('statusKey')
    const key = createHash('sha1').update(name, 'utf8').digest('hex')
    return { name, state, body: { state, key, name: cut(await text('statusName'), LONGEST), description: cut(description, LONGEST), url } }
  },
  async send({ repository, sha, body }, context) {
    const path = `/${repository.split('/').map(encodeURIComponent).join('/')}/commit/${encodeURIComponent(sha)}/statuses/build`
    return authorized({ method: 'POST', path, body }, context)
  },
})

/** With a token or an app password as they are; an OAuth consumer's token ends. */
async function authorized(call: JsonCall, context: SendContext): Promise<JsonAnswer> {
  const { baseUrl, trust } = await connectionOf(context)
  const [key, secret] = [await secretText(context, 'oauthKey'), await secretText(context, 'oauthSecret')]
  if (key === null || secret === null) return jsonCall({ baseUrl, trust, ...await credentials(context) }, call, context)
  const consumer = { url: await secretText(context, 'oauthURL') ?? '', key, secret, trust }
  const once = async (answers: readonly number[]): Promise<JsonAnswer> => {
    const token = await cloudToken(consumer, context)
    return jsonCall({ baseUrl, trust, headers: { authorization: `Bearer ${token}` }, secrets: [token, secret] }, { ...call, answers }, context)
  }
  const first = await once([401])
  if (first.status !== 401) return first
  forgetCloudToken(consumer)
  return once([])
}
