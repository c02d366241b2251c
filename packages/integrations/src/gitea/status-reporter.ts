import { CANCELLED, EXCEPTION, FAILURE, RETRY, SKIPPED, SUCCESS, WARNINGS, type Report, type Result } from '@yardmaster/domain'
import { connectionOf, secretText } from '../code-hosts/connection.js'
import { parseGitUrl } from '../code-hosts/git-url.js'
import { onceEach, statusDriver, type Commit } from '../code-hosts/status-driver.js'
import { isMeant, propertyText } from '../code-hosts/values.js'
import { jsonCall } from '../http/json-call.js'

/** As Buildbot's plugin for Gitea. */
const states: { [result in Result]: string } = {
  [SUCCESS]: 'success', [WARNINGS]: 'warning', [FAILURE]: 'failure', [SKIPPED]: 'success', [EXCEPTION]: 'error', [RETRY]: 'pending', [CANCELLED]: 'error',
}

/** A pull request's status is of its head, in the repository that it goes to: there Gitea looks before it merges. Buildbot's plugin tells the fork. */
function commitsOf(report: Report): Commit[] {
  return onceEach(report.sourcestamps.flatMap(stamp => {
    const url = parseGitUrl(stamp.repository)
    const meant = isMeant(report, stamp, 'base_repository', 'base_git_ssh_url', 'head_repository', 'head_git_ssh_url')
    const named = (name: string): string | null => (meant ? propertyText(report, name) : null)
    const [owner, repository] = [named('owner') ?? url?.owner, named('repository_name') ?? url?.repository]
    const sha = (named('pr_id') === null ? null : named('head_sha')) ?? stamp.revision
    return owner === undefined || repository === undefined || sha === null || sha === '' ? [] : [{ repository: `${owner}/${repository}`, sha, branch: stamp.branch }]
  }))
}

export const giteaStatusDriver = statusDriver({
  word: 'gitea',
  unknownCommit: /object does not exist/,
  commits: commitsOf,
  async status(_commit, { results, description, url }, report, { text, value }) {
    const name = await text(propertyText(report, 'pr_id') === null ? 'context' : 'contextPr')
    const state = results === null ? 'pending' : results === WARNINGS && (await value('warningAsSuccess')) === true ? 'success' : states[results]
    return { name, state, body: { state, context: name, description, ...(url === '' ? {} : { target_url: url }) } }
  },
  async send({ repository, sha, body }, context) {
    const { baseUrl, trust } = await connectionOf(context)
    const token = await secretText(context, 'token') ?? ''
    const path = `/api/v1/repos/${repository.split('/').map(encodeURIComponent).join('/')}/statuses/${encodeURIComponent(sha)}`
    return jsonCall({ baseUrl, headers: { authorization: `token ${token}` }, trust, secrets: [token] }, { method: 'POST', path, body }, context)
  },
})
