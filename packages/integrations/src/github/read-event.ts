import type { Json } from '@yardmaster/domain'
import { z } from 'zod'
import { asksToSkip, branchOf, changeProperties, commit, filesOf, found, instant, nameOf, none, readPayload, whitelisted } from '../hook-payload.js'
import type { HookChange, HookReading, ReadOptions } from '../hook-reader.js'

const repository = z.object({ full_name: z.string(), html_url: z.string() })
const sender = z.object({ login: z.string() })

const push = z.object({
  ref: z.string(), created: z.boolean().default(false), deleted: z.boolean().default(false), forced: z.boolean().default(false),
  head_commit: commit.nullish(), commits: z.array(commit).default([]), repository,
})

const pullRequest = z.object({
  action: z.string(), number: z.number().int(), repository, sender,
  changes: z.object({ base: z.unknown().optional() }).optional(),
  pull_request: z.object({
    title: z.string(), body: z.string().nullish(), commits: z.number().int(), created_at: instant, html_url: z.string(),
    head: z.object({ sha: z.string() }), base: z.object({ ref: z.string(), repo: z.object({ full_name: z.string() }) }),
  }),
})

const builtActions = ['opened', 'reopened', 'synchronize', 'ready_for_review']

const suite = z.object({ head_branch: z.string().nullish(), head_sha: z.string(), pull_requests: z.array(z.object({ number: z.number().int() })).default([]) })
const rerequest = z.object({
  action: z.string(), repository, sender,
  check_run: z.object({ name: z.string(), head_sha: z.string(), check_suite: suite }).optional(), check_suite: suite.optional(),
})

const mergeGroup = z.object({
  action: z.string(), repository, sender,
  merge_group: z.object({ head_sha: z.string(), head_ref: z.string(), base_ref: z.string(), head_commit: z.object({ message: z.string(), timestamp: instant }).nullish() }),
})

/** Told of what the payload of a push or a pull request tells as well, or of what only a user's function can make something of. */
const idle: { [event: string]: string } = {
  create: 'the push tells it too', delete: 'what was deleted is not built', issue_comment: 'a function of the configuration may make changes of it', issues: 'a function of the configuration may make changes of it',
  pull_request_review: 'a function of the configuration may make changes of it', pull_request_review_comment: 'a function of the configuration may make changes of it',
}

/**
 * GitHub's message as Buildbot's changes: a push has one per commit (a new branch or a tag, its head), a pull request one.
 * Throws HookError (400) when the payload is not what GitHub documents for the event.
 */
export function readGithubEvent(event: string, payload: unknown, options: ReadOptions): HookReading {
  switch (event) {
    case 'ping': return none('pong')
    case 'push': return pushChanges(readPayload(push, event, payload), options)
    case 'pull_request': return pullRequestChanges(readPayload(pullRequest, event, payload), payload, options)
    case 'check_run': case 'check_suite': return rerequested(event, readPayload(rerequest, event, payload), options)
    case 'merge_group': return merging(readPayload(mergeGroup, event, payload), options)
    default: return none(`no change found: ${idle[event] ?? `the event '${event}' is not one that makes changes`}`)
  }
}

function pushChanges({ ref, created, deleted, forced, head_commit: head, commits, repository: { full_name, html_url } }: z.infer<typeof push>, { codebase, skips }: ReadOptions): HookReading {
  const branch = branchOf(ref)
  if (branch === null) return none(`no change found: '${ref}' is neither a branch nor a tag`)
  if (deleted || !head) return none(`no change found: '${ref}' was deleted`)
  if (asksToSkip(head.message, skips)) return none('no change found: the head commit asks to skip CI')
  // A branch that was set back has no new commit, but another head.
  const told = created || branch.kind === 'tags' || (forced && commits.length === 0) ? [head] : commits
  return found(told.map((item): HookChange => ({
    author: nameOf(item.author), committer: nameOf(item.committer ?? item.author), comments: item.message, branch: branch.name, revision: item.id,
    revlink: item.url, repository: html_url, project: full_name, codebase, category: branch.kind === 'tags' ? 'tag' : null,
    files: filesOf(item), whenAt: item.timestamp, properties: changeProperties({ github_distinct: item.distinct, event: 'push' }),
  })))
}

type PullRequest = z.infer<typeof pullRequest>

/** Which files it touches and what its head commit says, only GitHub's API knows: nothing outside is asked while GitHub waits for our answer. */
function pullRequestChanges({ action, number, sender, changes, repository: { html_url }, pull_request: pull }: PullRequest, payload: unknown, options: ReadOptions): HookReading {
  const rebased = action === 'edited' && changes?.base !== undefined
  if (!builtActions.includes(action) && !rebased) return none(`no change found: a pull request that is ${action} is not built`)
  if (asksToSkip(pull.title, options.skips)) return none('no change found: the title of the pull request asks to skip CI')
  const commits = `${pull.commits} commit${pull.commits === 1 ? '' : 's'}`
  const change: HookChange = {
    author: sender.login, committer: null, comments: `GitHub Pull Request #${number} (${commits})\n${pull.title}\n${pull.body ?? ''}`,
    branch: `refs/pull/${number}/${options.pullrequestRef}`, revision: pull.head.sha, revlink: pull.html_url, repository: html_url,
    project: pull.base.repo.full_name, codebase: options.codebase, category: 'pull', files: [], whenAt: pull.created_at,
    properties: {
      ...whitelisted((payload as { pull_request: Json }).pull_request, 'github', options.propertyWhitelist),
      ...changeProperties({ pullrequesturl: pull.html_url, event: 'pull_request', basename: pull.base.ref }),
    },
  }
  return found([change], { pullRequest: number, revision: pull.head.sha })
}

/** Somebody asked at GitHub to build again. */
function rerequested(event: string, { action, sender, repository: { full_name, html_url }, ...told }: z.infer<typeof rerequest>, { codebase, pullrequestRef }: ReadOptions): HookReading {
  if (action !== 'rerequested') return none(`no change found: a ${event} that is ${action} is not built`)
  const suite = told.check_run?.check_suite ?? told.check_suite
  const pull = suite?.pull_requests[0]
  if (!suite || (!pull && suite.head_branch == null)) return none('no change found: it is of no branch and no pull request that GitHub names')
  const revision = told.check_run?.head_sha ?? suite.head_sha
  return found([{
    author: sender.login, committer: null, comments: told.check_run ? `asked to run '${told.check_run.name}' again` : 'asked to run the checks again',
    branch: pull ? `refs/pull/${pull.number}/${pullrequestRef}` : suite.head_branch ?? null, revision, revlink: `${html_url}/commit/${revision}`,
    repository: html_url, project: full_name, codebase, category: pull ? 'pull' : null, files: [], whenAt: null,
    properties: changeProperties({ event, ...(told.check_run && { check_run: told.check_run.name }) }),
  }])
}

/** A merge queue wants to know whether the merge would be good. */
function merging({ action, sender, repository: { full_name, html_url }, merge_group: group }: z.infer<typeof mergeGroup>, { codebase }: ReadOptions): HookReading {
  if (action !== 'checks_requested') return none(`no change found: a merge group that is ${action} is not built`)
  return found([{
    author: sender.login, committer: null, comments: group.head_commit?.message ?? `merge group of ${group.base_ref}`,
    branch: branchOf(group.head_ref)?.name ?? group.head_ref, revision: group.head_sha, revlink: `${html_url}/commit/${group.head_sha}`,
    repository: html_url, project: full_name, codebase, category: 'merge_group', files: [], whenAt: group.head_commit?.timestamp ?? null,
    properties: changeProperties({ event: 'merge_group', basename: branchOf(group.base_ref)?.name ?? group.base_ref }),
  }])
}
