import { CANCELLED, EXCEPTION, FAILURE, RETRY, SKIPPED, SUCCESS, WARNINGS, type Report, type Result } from '@yardmaster/domain'
import { connectionOf, secretText } from '../code-hosts/connection.js'
import { parseGitUrl } from '../code-hosts/git-url.js'
import { onceEach, statusDriver, type Commit } from '../code-hosts/status-driver.js'
import { isMeant, propertyText } from '../code-hosts/values.js'
import { failureOf, jsonCall } from '../http/json-call.js'
import { SendError } from '../send-error.js'

/** As Buildbot's GitLabStatusPush. */
const states: { [result in Result]: string } = {
  [SUCCESS]: 'success', [WARNINGS]: 'success', [FAILURE]: 'failed', [SKIPPED]: 'success', [EXCEPTION]: 'failed', [RETRY]: 'pending', [CANCELLED]: 'canceled',
}
const stageStates = { requested: 'pending', started: 'running' } as const

/** A merge request's commits are in the project that it comes from, which may be a fork. Projects are known by path or number, so that none has to be looked up. */
function commitsOf(report: Report): Commit[] {
  return onceEach(report.sourcestamps.flatMap(stamp => {
    const url = parseGitUrl(stamp.repository)
    const meant = isMeant(report, stamp, 'target_repository', 'target_git_ssh_url', 'source_repository', 'source_git_ssh_url')
    const repository = (meant ? propertyText(report, 'source_project_id') : null) ?? (url && `${url.owner}/${url.repository}`)
    const branch = (meant ? propertyText(report, 'source_branch') : null) ?? stamp.branch
    return repository === null || stamp.revision === null || stamp.revision === '' ? [] : [{ repository, sha: stamp.revision, branch }]
  }))
}

export const gitlabStatusDriver = statusDriver({
  word: 'gitlab',
  unknownCommit: /404 Commit Not Found/,
  commits: commitsOf,
  async status({ branch }, { stage, results, description, url }, _report, { text }) {
    const name = await text('context')
    const state = results !== null ? states[results] : stage === 'started' ? stageStates.started : stageStates.requested
    return { name, state, body: { state, ...(branch === null ? {} : { ref: branch }), name, description, ...(url === '' ? {} : { target_url: url }) } }
  },
  async send({ repository, sha, body }, context) {
    const { baseUrl, trust } = await connectionOf(context)
    const token = await secretText(context, 'token') ?? ''
    const host = { baseUrl, headers: { 'private-token': token }, trust, secrets: [token] }
    const path = `/api/v4/projects/${encodeURIComponent(repository)}/statuses/${encodeURIComponent(sha)}`
    const answer = await jsonCall(host, { method: 'POST', path, body, answers: [400, 409] }, context)
    if (answer.status < 300) return answer
    const failure = failureOf(`POST ${baseUrl}${path}`, answer, { secrets: host.secrets, now: context.clock.now() })
    // GitLab refuses what is so already, as after an answer that was lost; a build that waits again stays 'running' there.
    if (answer.status === 400 && /Cannot transition status via :(enqueue|run) from :(pending|running)/.test(answer.text)) return answer
    throw answer.status === 409 ? new SendError(failure.message, { outcome: 'again' }) : failure
  },
})
