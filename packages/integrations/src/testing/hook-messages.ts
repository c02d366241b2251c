import type { Json } from '@yardmaster/domain'
import { createHmac } from 'node:crypto'

/** A request that a code host would send to `/change_hook/PATH`. */
export type HookMessage = { path: string; headers: { [name: string]: string }; body: string }

type Sent = { event: string; delivery: string; secret: string; payload: Json }

const signature = (body: string, secret: string) => createHmac('sha256', secret).update(body).digest('hex')
const json = { 'content-type': 'application/json' }

/** How each host says which event it is, which delivery, and that it knows the secret. */
export const hookMessages = {
  github({ event, delivery, secret, payload }: Sent): HookMessage {
    const body = JSON.stringify(payload)
    return { path: 'github', body, headers: { ...json, 'x-github-event': event, 'x-github-delivery': delivery, 'x-hub-signature': 'sha1=0', 'x-hub-signature-256': `sha256=${signature(body, secret)}` } }
  },
  gitlab({ event, delivery, secret, payload }: Sent): HookMessage {
    return { path: 'gitlab', body: JSON.stringify(payload), headers: { ...json, 'x-gitlab-event': event, 'x-gitlab-event-uuid': delivery, 'x-gitlab-token': secret } }
  },
  gitea({ event, delivery, secret, payload }: Sent): HookMessage {
    const body = JSON.stringify(payload, null, 2)
    return { path: 'gitea', body, headers: { ...json, 'x-gitea-event': event, 'x-gitea-delivery': delivery, 'x-gitea-signature': signature(body, secret) } }
  },
  forgejo({ event, delivery, secret, payload }: Sent): HookMessage {
    const body = JSON.stringify(payload, null, 2)
    return { path: 'forgejo', body, headers: { ...json, 'x-forgejo-event': event, 'x-forgejo-delivery': delivery, 'x-forgejo-signature': signature(body, secret) } }
  },
  bitbucketcloud({ event, delivery, secret, payload }: Sent): HookMessage {
    const body = JSON.stringify(payload)
    return { path: 'bitbucketcloud', body, headers: { ...json, 'x-event-key': event, 'x-request-uuid': delivery, 'x-hub-signature': `sha256=${signature(body, secret)}` } }
  },
  bitbucketserver({ event, delivery, secret, payload }: Sent): HookMessage {
    const body = JSON.stringify(payload)
    return { path: 'bitbucketserver', body, headers: { 'content-type': 'application/json; charset=utf-8', 'x-event-key': event, 'x-request-id': delivery, 'x-hub-signature': `sha256=${signature(body, secret)}` } }
  },
}

const at = '2026-11-22T12:00:00+01:00'
const ann = { name: 'Ann', email: 'ann@example.org' }

export type Pushed = { revision: string; branch?: string; message?: string; more?: { [field: string]: Json } }

const commitOf = (url: string, { revision, message = `Commit ${revision}` }: Pushed) =>
  ({ id: revision, message, timestamp: at, url: `${url}/${revision}`, author: ann, committer: ann, added: ['new.c'], modified: ['old.c'], removed: ['gone.c'] })

/** A push of one commit, as each host's documentation shows it. */
export const pushes: { [host in keyof typeof hookMessages]: { event: string; payload(pushed: Pushed): Json } } = {
  github: {
    event: 'push',
    payload: pushed => {
      const commit = { ...commitOf('https://github.example.org/o/hello/commit', pushed), distinct: true }
      const repository = { name: 'hello', full_name: 'o/hello', html_url: 'https://github.example.org/o/hello' }
      return { ref: `refs/heads/${pushed.branch ?? 'main'}`, created: false, deleted: false, forced: false, head_commit: commit, commits: [commit], repository, sender: { login: 'ann' }, ...pushed.more }
    },
  },
  gitlab: {
    event: 'Push Hook',
    payload: pushed => ({
      object_kind: 'push', ref: `refs/heads/${pushed.branch ?? 'main'}`, before: 'b0', after: pushed.revision, checkout_sha: pushed.revision, user_name: 'Ann', user_username: 'ann', user_email: 'ann@example.org',
      project: { name: 'hello', path_with_namespace: 'o/hello', web_url: 'https://gitlab.example.org/o/hello', git_http_url: 'https://gitlab.example.org/o/hello.git' },
      repository: { name: 'hello', url: 'git@gitlab.example.org:o/hello.git' }, commits: [commitOf('https://gitlab.example.org/o/hello/-/commit', pushed)], ...pushed.more,
    }),
  },
  gitea: { event: 'push', payload: pushed => giteaPush(pushed) },
  forgejo: { event: 'push', payload: pushed => giteaPush(pushed) },
  bitbucketcloud: {
    event: 'repo:push',
    payload: pushed => ({
      actor: { display_name: 'Ann', nickname: 'ann' },
      repository: { full_name: 'o/hello', project: { name: 'Hello' }, links: { self: { href: 'https://api.bitbucket.org/2.0/repositories/o/hello' }, html: { href: 'https://bitbucket.org/o/hello' } } },
      push: { changes: [{ new: { type: 'branch', name: pushed.branch ?? 'main', target: { hash: pushed.revision, message: pushed.message ?? `Commit ${pushed.revision}` } }, old: null }] }, ...pushed.more,
    }),
  },
  bitbucketserver: {
    event: 'repo:refs_changed',
    payload: pushed => ({
      eventKey: 'repo:refs_changed', date: '2026-11-22T12:00:00+0100', actor: { name: 'ann', displayName: 'Ann' },
      repository: { slug: 'hello', project: { key: 'O', name: 'Hello' }, links: { self: [{ href: 'https://bitbucket.example.org/projects/O/repos/hello/browse' }] } },
      changes: [{ ref: { id: `refs/heads/${pushed.branch ?? 'main'}`, displayId: pushed.branch ?? 'main', type: 'BRANCH' }, refId: 'x', fromHash: 'f0', toHash: pushed.revision, type: 'UPDATE' }],
      toCommit: { id: pushed.revision, message: pushed.message ?? `Commit ${pushed.revision}` }, ...pushed.more,
    }),
  },
}

function giteaPush(pushed: Pushed): Json {
  const repository = { name: 'hello', full_name: 'o/hello', ssh_url: 'git@gitea.example.org:o/hello.git', clone_url: 'https://gitea.example.org/o/hello.git', owner: { login: 'o', username: 'o' } }
  const commit = commitOf('https://gitea.example.org/o/hello/commit', pushed)
  return { ref: `refs/heads/${pushed.branch ?? 'main'}`, before: 'b0', after: pushed.revision, commits: [commit], head_commit: commit, repository, sender: { login: 'ann', username: 'ann' }, ...pushed.more }
}

/** A push as the host would send it. */
export function pushMessage(host: keyof typeof hookMessages, { secret, delivery, ...pushed }: Pushed & { secret: string; delivery: string }): HookMessage {
  const { event, payload } = pushes[host]
  return hookMessages[host]({ event, delivery, secret, payload: payload(pushed) })
}

/** GitHub's pull request. */
export function githubPull({ number, sha, action = 'opened', title = 'Better', more = {} }: { number: number; sha: string; action?: string; title?: string; more?: { [field: string]: Json } }): { [field: string]: Json } {
  return {
    action, number, sender: { login: 'ann' }, repository: { full_name: 'o/hello', html_url: 'https://github.example.org/o/hello' },
    pull_request: {
      title, body: null, commits: 1, created_at: '2026-11-22T12:00:00Z', html_url: `https://github.example.org/o/hello/pull/${number}`, head: { sha, ref: 'topic' },
      base: { ref: 'main', repo: { full_name: 'o/hello' } },
    }, ...more,
  }
}

/** GitHub's comment on a pull request. */
export function githubComment({ number, text, sender }: { number: number; text: string; sender: string }): { [field: string]: Json } {
  return {
    action: 'created', sender: { login: sender }, repository: { full_name: 'o/hello', html_url: 'https://github.example.org/o/hello' },
    issue: { number, title: 'Better', pull_request: { url: `https://api.github.example.org/repos/o/hello/pulls/${number}` } }, comment: { id: 1, body: text, user: { login: sender } },
  }
}
