import { CANCELLED, EXCEPTION, FAILURE, RETRY, SKIPPED, SUCCESS, WARNINGS, type Result } from '@yardmaster/domain'
import { statusDriver } from '../code-hosts/status-driver.js'
import { cut } from '../code-hosts/values.js'
import { githubOf } from './access.js'
import { repositoryPath } from './client.js'
import { githubCommits, pullOf, UNKNOWN_COMMIT } from './commits.js'

/** As Buildbot's GitHubStatusPush. A build that is to be tried again is still awaited. */
const states: { [result in Result]: string } = {
  [SUCCESS]: 'success', [WARNINGS]: 'success', [FAILURE]: 'failure', [SKIPPED]: 'success', [EXCEPTION]: 'error', [RETRY]: 'pending', [CANCELLED]: 'error',
}
const LONGEST_DESCRIPTION = 140

export const githubStatusDriver = statusDriver({
  word: 'github',
  unknownCommit: UNKNOWN_COMMIT,
  commits: githubCommits,
  async status({ branch }, { results, description, url }, _report, { text }) {
    const state = results === null ? 'pending' : states[results]
    const name = (pullOf(branch) === null ? '' : await text('contextPr')) || await text('context')
    return { name, state, body: { state, context: name, description: cut(description, LONGEST_DESCRIPTION), ...(url === '' ? {} : { target_url: url }) } }
  },
  send: async ({ repository, sha, body }, context) =>
    (await githubOf(context)).call(repositoryPath(repository), { method: 'POST', path: `/statuses/${encodeURIComponent(sha)}`, body }),
})
