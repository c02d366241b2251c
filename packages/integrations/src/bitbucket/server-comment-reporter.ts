import { recordOf, type Report } from '@yardmaster/domain'
import { COMMENT_DEADLINE, commentWords } from '../code-hosts/comment-words.js'
import { connectionOf } from '../code-hosts/connection.js'
import { targetOf, wordsOf } from '../code-hosts/status-driver.js'
import { propertyText } from '../code-hosts/values.js'
import { jsonCall } from '../http/json-call.js'
import type { ReporterKindDriver } from '../reporter-kind.js'
import { SendError } from '../send-error.js'
import { credentials } from './server-status-reporter.js'

/** The most that Bitbucket Server takes. */
const LONGEST = 32_000

/** What builds of a pull request came to, another comment each time, as Buildbot's BitbucketServerPRCommentPush: the property pullrequesturl names it. */
export const bitbucketServerCommentDriver: ReporterKindDriver = {
  async compose(report, reporter, context) {
    const text = await commentWords(report, reporter, context)
    const pulls = text === null ? [] : pullRequestsOf(report)
    const target = await targetOf('bitbucket', wordsOf(reporter, context))
    return pulls.map(path => ({
      target, subject: path, delivery: 'message', summary: `comment on ${path}`, deadline: COMMENT_DEADLINE, payload: { path, text: (text ?? '').slice(0, LONGEST) },
    }))
  },

  async send({ payload }, _reporter, context) {
    const { path, text } = recordOf(payload)
    if (typeof path !== 'string' || typeof text !== 'string') throw new SendError('the message is none of this version: it has no pull request', { outcome: 'refused' })
    const { baseUrl, trust } = await connectionOf(context)
    const answer = await jsonCall({ baseUrl, trust, ...await credentials(context) }, { method: 'POST', path: `/rest/api/1.0/${path}/comments`, body: { text }, fresh: true }, context)
    return { detail: `HTTP ${answer.status}`, reference: null }
  },
}

/** `projects/P/repos/r/pull-requests/7`: of the build, or of each build of a buildset. */
function pullRequestsOf(report: Report): string[] {
  const urls = [propertyText(report, 'pullrequesturl'), ...report.builds.map(({ properties }) => propertyText({ ...report, properties }, 'pullrequesturl'))]
  return [...new Set(urls.flatMap(url => /\/((?:projects|users)\/[^/]+\/repos\/[^/]+\/pull-requests\/\d+)/.exec(url ?? '')?.[1] ?? []))]
}
