import { recordOf, type Message, type Report } from '@yardmaster/domain'
import { COMMENT_DEADLINE, commentWords } from '../code-hosts/comment-words.js'
import { targetOf, wordsOf } from '../code-hosts/status-driver.js'
import { propertyText, textOf } from '../code-hosts/values.js'
import type { ReporterKindDriver } from '../reporter-kind.js'
import { SendError } from '../send-error.js'
import { githubOf } from './access.js'
import { repositoryPath, type Github } from './client.js'
import { githubRepository, pullOf } from './commits.js'

const PAGE = 100
/** The most that GitHub takes. */
const LONGEST = 65_000

/**
 * What builds of a pull request came to, as its comment. `edit`: one comment of the reporter (and builder, where builds are told of by themselves), changed each time, so sending
 * again does no harm; `new`: one each time.
 */
export const githubCommentDriver: ReporterKindDriver = {
  async compose(report, reporter, context) {
    const pull = pullRequestOf(report)
    const words = pull && await commentWords(report, reporter, context)
    if (!pull || !words) return []
    const told = wordsOf(reporter, context)
    const edits = (await told.text('mode')) === 'edit'
    const about = report.builder && report.builds.length === 0 ? `${reporter.name} ${report.builder.name}` : reporter.name
    const marker = edits ? `<!-- yardmaster: ${about.replaceAll('--', '- -')} -->` : ''
    const target = await targetOf('github', told)
    const message: Message = {
      target, subject: `${pull.repository}#${pull.number}${edits ? ` ${about}` : ''}`, delivery: edits ? 'status' : 'message', summary: `comment on ${pull.repository}#${pull.number}`, deadline: COMMENT_DEADLINE,
      payload: { ...pull, marker, body: words.slice(0, LONGEST) },
    }
    return [message]
  },

  async send({ payload }, _reporter, context) {
    const { repository, number, marker, body } = recordOf(payload)
    if (typeof repository !== 'string' || typeof number !== 'number' || typeof marker !== 'string' || typeof body !== 'string') throw new SendError('the message is none of this version: it has no pull request', { outcome: 'refused' })
    const github = await githubOf(context)
    const path = repositoryPath(repository)
    const own = marker === '' ? null : await commentOf(github, path, { number, marker })
    const text = marker === '' ? body : `${marker}\n${body}`
    const answer = own === null
      ? await github.call(path, { method: 'POST', path: `/issues/${number}/comments`, body: { body: text }, fresh: true })
      : await github.call(path, { method: 'PATCH', path: `/issues/comments/${own}`, body: { body: text } })
    return { detail: `HTTP ${answer.status}`, reference: textOf(recordOf(answer.body)['html_url'] ?? null) || null }
  },
}

/** As Buildbot's GitHubCommentPush: the branch names it. */
function pullRequestOf(report: Report): { repository: string; number: number } | null {
  for (const stamp of report.sourcestamps) {
    const number = pullOf(stamp.branch) ?? (report.sourcestamps.length === 1 ? pullOf(propertyText(report, 'branch')) : null)
    const repository = githubRepository(stamp)
    if (number !== null && repository !== null) return { repository, number }
  }
  return null
}

/** The number of our own comment; the oldest, should there be several. */
async function commentOf(github: Github, repository: string, { number, marker }: { number: number; marker: string }): Promise<number | null> {
  for (let page = 1; ; page++) {
    const { body } = await github.call(repository, { method: 'GET', path: `/issues/${number}/comments?per_page=${PAGE}&page=${page}` })
    const comments = Array.isArray(body) ? body.map(recordOf) : []
    const own = comments.find(comment => typeof comment['body'] === 'string' && comment['body'].startsWith(marker))
    if (own) return Number(own['id'])
    if (comments.length < PAGE) return null
  }
}
