import { CANCELLED, EXCEPTION, FAILURE, RETRY, SKIPPED, SUCCESS, WARNINGS, type Message, type Result } from '@yardmaster/domain'
import { commitReport, cut, recordOf, STATUS_DEADLINE, statusPayload, textOf } from '../code-hosts/commit-report.js'
import type { ReporterKindDriver } from '../reporter-kind.js'
import { githubOf, hostOf } from './access.js'
import { GITHUB_API, repositoryPath } from './client.js'
import { githubCommits, pullOf } from './commits.js'

/** As Buildbot's GitHubStatusPush. A build that is to be tried again is still awaited. */
const states: { [result in Result]: string } = {
  [SUCCESS]: 'success', [WARNINGS]: 'success', [FAILURE]: 'failure', [SKIPPED]: 'success', [EXCEPTION]: 'error', [RETRY]: 'pending', [CANCELLED]: 'error',
}
const LONGEST_DESCRIPTION = 140

/** A commit's status, one for each context. GitHub keeps all that were ever written and shows the newest, so writing one again does no harm. */
export const githubStatusDriver: ReporterKindDriver = {
  async compose(report, reporter, context) {
    const said = await commitReport(report, reporter, context)
    if (!said) return []
    const { baseURL, context: usual, contextPr } = reporter.options
    const target = `github ${hostOf(textOf(await context.render(baseURL ?? null)) || GITHUB_API)}`
    const state = said.results === null ? 'pending' : states[said.results]
    const messages: Message[] = []
    for (const { repository, sha, branch } of githubCommits(report)) {
      const named = textOf(await context.render(pullOf(branch) === null ? usual ?? null : contextPr ?? usual ?? null))
      const description = cut(said.description, LONGEST_DESCRIPTION)
      messages.push({
        target, subject: `${repository}@${sha} ${named}`, delivery: 'status', summary: `${state} on ${sha.slice(0, 7)}`, deadline: STATUS_DEADLINE,
        payload: { repository, sha, body: { state, context: named, description, ...(said.url === '' ? {} : { target_url: said.url }) } },
      })
    }
    return messages
  },

  async send(message, _reporter, context) {
    const { repository, sha, body } = statusPayload(message)
    const github = await githubOf(context)
    const answer = await github.call(repositoryPath(repository), { method: 'POST', path: `/statuses/${encodeURIComponent(sha)}`, body })
    const { id } = recordOf(answer.body)
    if ((await context.option('verbose')) === true) context.logger.info({ repository, sha, ...body }, 'GitHub has the status')
    return { detail: `HTTP ${answer.status}`, reference: typeof id === 'number' ? String(id) : null }
  },
}
