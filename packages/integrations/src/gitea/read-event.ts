import { z } from 'zod'
import { asksToSkip, branchOf, changeProperties, commit, filesOf, found, instant, nameOf, none, readPayload } from '../hook-payload.js'
import type { HookChange, HookReading, ReadOptions } from '../hook-reader.js'

const owner = z.object({ username: z.string().optional(), login: z.string().optional() })
const repository = z.object({ name: z.string(), full_name: z.string(), ssh_url: z.string(), clone_url: z.string(), owner })

const push = z.object({
  ref: z.string(), after: z.string().default(''), commits: z.array(commit).nullish(), head_commit: commit.nullish(), repository,
})

const side = z.object({ ref: z.string(), sha: z.string(), repo_id: z.number(), repo: repository.nullish() })
const pullRequest = z.object({
  action: z.string(), repository,
  pull_request: z.object({
    id: z.number(), number: z.number().int(), title: z.string(), body: z.string().nullish(), html_url: z.string(), updated_at: instant, mergeable: z.boolean().default(true), merged: z.boolean().default(false),
    user: z.object({ full_name: z.string().nullish(), login: z.string().nullish(), email: z.string().nullish() }), base: side, head: side,
  }),
})

const builtActions = ['opened', 'reopened', 'synchronized', 'edited']

const idle: { [event: string]: string } = {
  create: 'the push tells it too', delete: 'what was deleted is not built', issue_comment: 'a function of the configuration may make changes of it',
  pull_request_comment: 'a function of the configuration may make changes of it', pull_request_label: 'a function of the configuration may make changes of it',
}

/**
 * Gitea's and Forgejo's message as the changes of Buildbot's plugin for Gitea: a push has one per commit, oldest first, a pull request one.
 * Throws HookError (400) when the payload is not what Gitea documents for the event.
 */
export function readGiteaEvent(event: string, payload: unknown, options: ReadOptions): HookReading {
  switch (event) {
    case 'push': return pushChanges(readPayload(push, event, payload), options)
    // A new commit comes as an event of its own since Gitea 1.19.
    case 'pull_request': case 'pull_request_sync': return pullRequestChanges(readPayload(pullRequest, event, payload), options)
    default: return none(`no change found: ${idle[event] ?? `the event '${event}' is not one that makes changes`}`)
  }
}

const ownerName = ({ username, login }: z.infer<typeof owner>) => username ?? login ?? ''

function pushChanges({ ref, after, commits, head_commit: head, repository }: z.infer<typeof push>, { codebase, skips }: ReadOptions): HookReading {
  const branch = branchOf(ref)
  if (branch === null) return none(`no change found: '${ref}' is neither a branch nor a tag`)
  if (/^0+$/.test(after)) return none(`no change found: '${ref}' was deleted`)
  // Newest first, other than at GitHub.
  const told = commits && commits.length > 0 ? commits.toReversed() : head ? [head] : []
  const newest = told.at(-1)
  if (!newest) return none('no change found: it has no commit')
  if (asksToSkip(newest.message, skips)) return none('no change found: the newest commit asks to skip CI')
  return found(told.map((item): HookChange => ({
    author: nameOf(item.author), committer: item.committer ? nameOf(item.committer) : null, comments: item.message, branch: branch.name, revision: item.id, revlink: item.url,
    repository: repository.ssh_url, project: repository.full_name, codebase, category: 'push', files: filesOf(item), whenAt: item.timestamp,
    properties: changeProperties({ event: 'push', repository_name: repository.name, owner: ownerName(repository.owner) }),
  })))
}

function pullRequestChanges({ action, repository, pull_request: pull }: z.infer<typeof pullRequest>, { codebase, skips }: ReadOptions): HookReading {
  if (!builtActions.includes(action)) return none(`no change found: a pull request that is ${action} is not built`)
  if (pull.merged) return none('no change found: the pull request is merged, and the push tells that')
  if (!pull.mergeable) return none('no change found: the pull request cannot be merged')
  if (asksToSkip(pull.title, skips)) return none('no change found: the title of the pull request asks to skip CI')
  const { base, head, user } = pull
  const headRepository = head.repo ?? null
  return found([{
    author: nameOf({ name: user.full_name || user.login, email: user.email }), committer: null, comments: `PR#${pull.number}: ${pull.title}\n\n${pull.body ?? ''}`, branch: base.ref, revision: base.sha,
    revlink: pull.html_url, repository: base.repo?.ssh_url ?? repository.ssh_url, project: repository.full_name, codebase, category: 'pull_request', files: [], whenAt: pull.updated_at,
    properties: changeProperties({
      event: 'pull_request', base_branch: base.ref, base_sha: base.sha, base_repo_id: base.repo_id, base_repository: base.repo?.clone_url ?? null, base_git_ssh_url: base.repo?.ssh_url ?? null,
      head_branch: head.ref, head_sha: head.sha, head_repo_id: head.repo_id, head_repository: headRepository?.clone_url ?? null, head_git_ssh_url: headRepository?.ssh_url ?? null,
      head_owner: headRepository ? ownerName(headRepository.owner) : null, head_reponame: headRepository?.name ?? null, pr_id: pull.id, pr_number: pull.number,
      repository_name: repository.name, owner: ownerName(repository.owner),
    }),
  }], { pullRequest: pull.number, revision: head.sha })
}
