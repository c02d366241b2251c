import { defaultSkips, hostKinds, type HookHost, type Json } from '@yardmaster/domain'
import { describe, expect, test } from 'vitest'
import { changesOfAnswer } from './hook-answer.js'
import { hookReaders, type ReadOptions } from './hook-reader.js'
import { githubPull, hookMessages, pushes, type Pushed } from './testing/index.js'

const options: ReadOptions = { codebase: 'c', skips: defaultSkips, pullrequestRef: 'merge', propertyWhitelist: [] }
const push = (host: HookHost, pushed: Pushed) => {
  const path = host.toLowerCase() as keyof typeof pushes
  return pushes[path].payload(pushed)
}
const pushEvents: { [host in HookHost]: string } = { github: 'push', gitlab: 'push', gitea: 'push', bitbucketCloud: 'repo:push', bitbucketServer: 'repo:refs_changed' }
const readPush = (host: HookHost, pushed: Pushed) => hookReaders[host].read(pushEvents[host], push(host, pushed), options)
const values = (properties: { [name: string]: [Json, string] }) => Object.fromEntries(Object.entries(properties).map(([name, [value]]) => [name, value]))

describe('a push', () => {
  const ann = 'Ann <ann@example.org>'
  const files = ['new.c', 'old.c', 'gone.c']
  test.each<[HookHost, object]>([
    ['github', { author: ann, committer: ann, branch: 'main', revision: 'r1', repository: 'https://github.example.org/o/hello', project: 'o/hello', category: null, files, revlink: 'https://github.example.org/o/hello/commit/r1' }],
    ['gitlab', { author: ann, branch: 'main', revision: 'r1', repository: 'git@gitlab.example.org:o/hello.git', project: 'hello', category: 'push', files, revlink: 'https://gitlab.example.org/o/hello/-/commit/r1' }],
    ['gitea', { author: ann, branch: 'main', revision: 'r1', repository: 'git@gitea.example.org:o/hello.git', project: 'o/hello', category: 'push', files }],
    ['bitbucketCloud', { author: 'Ann <ann>', branch: 'refs/heads/main', revision: 'r1', repository: 'https://api.bitbucket.org/2.0/repositories/o/hello', project: 'Hello', category: 'push', revlink: 'https://bitbucket.org/o/hello/commits/r1' }],
    ['bitbucketServer', { author: 'Ann <ann>', branch: 'refs/heads/main', revision: 'r1', repository: 'https://bitbucket.example.org/projects/O/repos/hello/', project: 'Hello', category: 'push', revlink: 'https://bitbucket.example.org/projects/O/repos/hello/commits/r1' }],
  ])('of %s is what Buildbot makes of it', (host, expected) => {
    const { changes, note } = readPush(host, { revision: 'r1' })
    expect(note).toBe('1 change found')
    expect(changes).toMatchObject([{ ...expected, comments: 'Commit r1', codebase: 'c' }])
    expect(hookReaders[host].subject(push(host, { revision: 'r1' })).fullName.toLowerCase()).toBe('o/hello')
  })

  test.each<HookHost>(['github', 'gitlab', 'gitea', 'bitbucketCloud', 'bitbucketServer'])('of %s that asks to skip CI is none', host => {
    expect(readPush(host, { revision: 'r1', message: 'docs [skip ci]' })).toMatchObject({ changes: [], note: expect.stringContaining('skip CI') })
    expect(readPush(host, { revision: 'r1', message: 'docs [ ci skip ]' }).changes).toEqual([])
  })

  test.each<[string, HookHost, Pushed['more'], RegExp]>([
    ['a deleted branch of GitHub', 'github', { deleted: true, head_commit: null, commits: [] }, /was deleted/],
    ['a deleted branch of GitLab', 'gitlab', { after: '0'.repeat(40), checkout_sha: null, commits: [] }, /was deleted/],
    ['a deleted branch of Gitea', 'gitea', { after: '0'.repeat(40), commits: [], head_commit: null }, /was deleted/],
    ['a deleted branch of Bitbucket Server', 'bitbucketServer', { changes: [{ ref: { id: 'refs/heads/x', displayId: 'x', type: 'BRANCH' }, toHash: '0'.repeat(40), type: 'DELETE' }] }, /deleted/],
    ['another ref', 'github', { ref: 'refs/notes/x' }, /neither a branch nor a tag/],
  ])('%s is none, and says why', (_what, host, more, note) => {
    expect(readPush(host, { revision: 'r1', more })).toEqual({ changes: [], note: expect.stringMatching(note) })
  })

  test('that sets a branch of GitHub back is its head', () => {
    expect(readPush('github', { revision: 'r1', more: { forced: true, commits: [] } }).changes).toMatchObject([{ revision: 'r1' }])
  })

  test('of a tag: at GitHub of the category tag; a branch of GitLab at a known commit is one change too', () => {
    expect(readPush('github', { revision: 'r1', more: { ref: 'refs/tags/v1' } }).changes).toMatchObject([{ branch: 'v1', category: 'tag' }])
    expect(hookReaders.gitlab.read('tag_push', push('gitlab', { revision: 'r1', more: { ref: 'refs/tags/v1', commits: [] } }), options).changes)
      .toMatchObject([{ branch: 'v1', category: 'tag_push', revision: 'r1', author: 'Ann <ann@example.org>', revlink: 'https://gitlab.example.org/o/hello/-/commit/r1' }])
  })

  test('of Gitea is told newest first, and built oldest first', () => {
    const [one, two] = ['r1', 'r2'].map(revision => (push('gitea', { revision }) as { commits: Json[] }).commits[0]!)
    expect(readPush('gitea', { revision: 'r2', more: { commits: [two!, one!] } }).changes.map(({ revision }) => revision)).toEqual(['r1', 'r2'])
  })

  test.each<HookHost>(['github', 'gitlab', 'gitea', 'bitbucketCloud', 'bitbucketServer'])('of another form than %s documents is refused, saying where', host => {
    expect(() => hookReaders[host].read(pushEvents[host], { ref: 7 }, options)).toThrow(expect.objectContaining({ status: 400, message: expect.stringMatching(/the payload is not that of a .* event: \w+/) }))
    expect(hookReaders[host].read('star', {}, options)).toMatchObject({ changes: [], note: expect.stringContaining("'star'") })
  })
})

describe('of GitHub', () => {
  const read = (event: string, payload: Json, more: Partial<ReadOptions> = {}) => hookReaders.github.read(event, payload, { ...options, ...more })

  test.each([['opened', 1], ['reopened', 1], ['synchronize', 1], ['ready_for_review', 1], ['closed', 0], ['labeled', 0], ['edited', 0]])('a pull request that is %s makes %i changes', (action, count) => {
    expect(read('pull_request', githubPull({ number: 7, sha: 'h1', action })).changes).toHaveLength(count)
  })

  test('a pull request has Buildbot\'s fields, the properties that are asked for, and says what the API would tell besides', () => {
    const reading = read('pull_request', githubPull({ number: 7, sha: 'h1' }), { pullrequestRef: 'head', propertyWhitelist: ['github.head.*', 'github.titl?'] })
    expect(reading.lookUp).toEqual({ pullRequest: 7, revision: 'h1' })
    const [change] = reading.changes
    expect(change).toMatchObject({ author: 'ann', branch: 'refs/pull/7/head', revision: 'h1', category: 'pull', project: 'o/hello', comments: 'GitHub Pull Request #7 (1 commit)\nBetter\n' })
    expect(values(change!.properties)).toEqual({
      event: 'pull_request', basename: 'main', pullrequesturl: 'https://github.example.org/o/hello/pull/7', 'github.head.sha': 'h1', 'github.head.ref': 'topic', 'github.title': 'Better',
    })
  })

  test('a pull request with another base is built again', () => {
    expect(read('pull_request', githubPull({ number: 7, sha: 'h1', action: 'edited', more: { changes: { base: { ref: { from: 'x' } } } } })).changes).toHaveLength(1)
    expect(read('pull_request', githubPull({ number: 7, sha: 'h1', action: 'edited', more: { changes: { title: { from: 'x' } } } })).changes).toHaveLength(0)
  })

  const about = { sender: { login: 'ann' }, repository: { full_name: 'o/hello', html_url: 'https://github.example.org/o/hello' } }
  test('who asks for a check again has its commit built again', () => {
    const suite = { head_branch: 'main', head_sha: 'h1', pull_requests: [] }
    expect(read('check_suite', { action: 'rerequested', ...about, check_suite: suite }).changes).toMatchObject([{ branch: 'main', revision: 'h1', category: null }])
    expect(read('check_run', { action: 'rerequested', ...about, check_run: { name: 'tests', head_sha: 'h1', check_suite: { ...suite, pull_requests: [{ number: 7 }] } } }).changes)
      .toMatchObject([{ branch: 'refs/pull/7/merge', revision: 'h1', category: 'pull', author: 'ann' }])
    expect(read('check_suite', { action: 'completed', ...about, check_suite: suite }).changes).toEqual([])
  })

  test('a merge queue has its merge built', () => {
    const group = { head_sha: 'm1', head_ref: 'refs/heads/gh-readonly-queue/main/pr-7-x', base_ref: 'refs/heads/main', head_commit: { message: 'Merge', timestamp: '2026-11-22T12:00:00Z' } }
    expect(read('merge_group', { action: 'checks_requested', ...about, merge_group: group }).changes).toMatchObject([{ branch: 'gh-readonly-queue/main/pr-7-x', revision: 'm1', comments: 'Merge', category: 'merge_group' }])
    expect(read('merge_group', { action: 'destroyed', ...about, merge_group: group }).changes).toEqual([])
  })
})

describe('a merge request of GitLab', () => {
  const side = { name: 'hello', git_http_url: 'https://gitlab.example.org/o/hello.git', git_ssh_url: 'git@gitlab.example.org:o/hello.git' }
  const merge = (more: { [field: string]: Json } = {}) => ({
    iid: 3, title: 'Better', description: 'Much', url: 'https://gitlab.example.org/o/hello/-/merge_requests/3', state: 'opened', source_branch: 'topic', target_branch: 'main', source_project_id: 1, target_project_id: 2,
    source: side, target: side, last_commit: { id: 'h1', message: 'Work', timestamp: '2026-11-22T12:00:00+01:00', author: { name: 'Ann', email: 'ann@example.org' } }, ...more,
  })
  const read = (more: { [field: string]: Json }) => hookReaders.gitlab.read('merge_request', { object_kind: 'merge_request', object_attributes: merge(more) }, options)

  test('is a change of the branch that it is for', () => {
    const { changes, lookUp } = read({ action: 'open' })
    expect(lookUp).toEqual({ pullRequest: 3, revision: 'h1' })
    expect(changes).toMatchObject([{ author: 'Ann <ann@example.org>', branch: 'main', revision: 'h1', category: 'merge_request', comments: 'MR#3: Better\n\nMuch', repository: side.git_http_url }])
    expect(values(changes[0]!.properties)).toMatchObject({ event: 'merge_request', source_branch: 'topic', target_branch: 'main', source_project_id: 1, source_git_ssh_url: side.git_ssh_url })
  })
  test.each([[{ action: 'open' }, 1], [{ action: 'reopen' }, 1], [{ action: 'update', oldrev: 'h0' }, 1], [{ action: 'update' }, 0], [{ action: 'approved' }, 0], [{ action: 'open', state: 'merged' }, 0]])('with %j makes %i changes', (more, count) => {
    expect(read(more).changes).toHaveLength(count)
  })
  test('that somebody notes something on is a change with the note', () => {
    const { changes } = hookReaders.gitlab.read('note', { object_kind: 'note', object_attributes: { note: 'build it', url: 'https://x' }, merge_request: merge() }, options)
    expect(values(changes[0]!.properties)).toMatchObject({ event: 'note', comments: 'build it' })
    expect(hookReaders.gitlab.read('note', { object_kind: 'note', object_attributes: { note: 'x' } }, options).changes).toEqual([])
  })
})

describe('a pull request', () => {
  test('of Gitea has the fields of its plugin for Buildbot', () => {
    const repository = { name: 'hello', full_name: 'o/hello', ssh_url: 'git@gitea.example.org:o/hello.git', clone_url: 'https://gitea.example.org/o/hello.git', owner: { login: 'o' } }
    const pull = { id: 70, number: 7, title: 'Better', body: '', html_url: 'https://gitea.example.org/o/hello/pulls/7', updated_at: '2026-11-22T12:00:00Z', mergeable: true, merged: false,
      user: { full_name: 'Ann', email: 'ann@example.org' }, base: { ref: 'main', sha: 'b1', repo_id: 1, repo: repository }, head: { ref: 'topic', sha: 'h1', repo_id: 1, repo: repository } }
    const read = (action: string, more: object = {}) => hookReaders.gitea.read('pull_request', { action, repository, pull_request: { ...pull, ...more } }, options)
    const [change] = read('opened').changes
    expect(change).toMatchObject({ author: 'Ann <ann@example.org>', branch: 'main', revision: 'b1', category: 'pull_request', comments: 'PR#7: Better\n\n' })
    expect(values(change!.properties)).toMatchObject({ pr_number: 7, pr_id: 70, head_branch: 'topic', head_sha: 'h1', base_sha: 'b1', head_owner: 'o', head_reponame: 'hello', owner: 'o', repository_name: 'hello' })
    expect([read('closed'), read('synchronized'), read('opened', { merged: true }), read('opened', { mergeable: false })].map(({ changes }) => changes.length)).toEqual([0, 1, 0, 0])
  })

  test('of Bitbucket Cloud and Server is their merge ref while it is open, and a branch after', () => {
    const cloud = push('bitbucketCloud', { revision: 'r' }) as { repository: Json; actor: Json }
    const side = (name: string) => ({ branch: { name }, commit: { hash: `${name}1` } })
    const pullrequest = { id: 7, title: 'Better', links: { html: { href: 'https://bitbucket.org/o/hello/pull-requests/7' } }, source: side('topic'), destination: side('main') }
    const ofCloud = (event: string) => hookReaders.bitbucketCloud.read(event, { ...cloud, pullrequest }, options).changes.map(({ branch, category, revision }) => [branch, category, revision])
    expect(ofCloud('pullrequest:created')).toEqual([['refs/pull-requests/7/merge', 'pull-created', 'topic1']])
    expect(ofCloud('pullrequest:fulfilled')).toEqual([['refs/heads/main', 'pull-fulfilled', 'topic1']])
    expect(ofCloud('pullrequest:rejected')).toEqual([['refs/heads/topic', 'pull-rejected', 'topic1']])
    const { repository, actor } = push('bitbucketServer', { revision: 'r' }) as { repository: Json; actor: Json }
    const ref = (name: string) => ({ id: `refs/heads/${name}`, displayId: name, latestCommit: `${name}1`, repository })
    const ofServer = (event: string) => hookReaders.bitbucketServer.read(event, { actor, pullRequest: { id: 7, title: 'x', fromRef: ref('topic'), toRef: ref('main') } }, options).changes.map(({ branch, category }) => [branch, category])
    expect(ofServer('pr:opened')).toEqual([['refs/pull-requests/7/merge', 'pull-created']])
    expect(ofServer('pr:merged')).toEqual([['refs/heads/main', 'pull-fulfilled']])
  })
})

describe('a signature', () => {
  const sent = { event: 'push', delivery: 'd1', secret: 's', payload: { a: 1 } }
  test.each([['github', 'github'], ['gitlab', 'gitlab'], ['gitea', 'gitea'], ['forgejo', 'gitea'], ['bitbucketcloud', 'bitbucketCloud'], ['bitbucketserver', 'bitbucketServer']] as const)('of %s', (path, host) => {
    const reader = hookReaders[host]
    const { headers, body } = hookMessages[path](sent)
    const header = (name: string) => headers[name.toLowerCase()]
    const refused = expect.objectContaining({ status: 401 })
    expect(() => reader.verify(Buffer.from(body), header, 's')).not.toThrow()
    expect(() => reader.verify(Buffer.from(body), header, 'other')).toThrow(refused)
    if (path !== 'gitlab') expect(() => reader.verify(Buffer.from(`${body} `), header, 's')).toThrow(refused)
    expect(() => reader.verify(Buffer.from(body), () => undefined, 's')).toThrow(refused)
    expect([reader.event(header), reader.delivery(header), reader.isSigned(header), reader.isSigned(() => undefined)]).toEqual(['push', 'd1', true, false])
  })
  test('of SHA-1 alone is refused, and says why', () => {
    const header = (name: string) => (name.toLowerCase() === 'x-hub-signature' ? 'sha1=0' : undefined)
    expect(() => hookReaders.github.verify(Buffer.from(''), header, 's')).toThrow(/SHA-1/)
  })
})

test('a function answers with fields of changes, with nothing, or wrongly', () => {
  const subject = { fullName: 'o/hello', repository: 'https://x', project: 'o/hello', sender: 'ann' }
  const about = { event: 'issue_comment', subject, codebase: 'c' }
  expect(changesOfAnswer(null, about)).toBeNull()
  expect(changesOfAnswer([], about)).toEqual([])
  expect(changesOfAnswer([{ branch: 'b', properties: { n: 1 }, when: 5 }], about)).toEqual([{
    author: 'ann', committer: null, comments: 'issue_comment by ann', branch: 'b', revision: null, revlink: null, category: null, files: [], repository: 'https://x', project: 'o/hello', codebase: 'c',
    properties: { event: ['issue_comment', 'Change'], n: [1, 'Change'] }, whenAt: new Date(5000),
  }])
  expect(() => changesOfAnswer([{ brunch: 'b' }], about)).toThrow(/brunch/)
  expect(() => changesOfAnswer('main', about)).toThrow(/expected a list of changes/)
})

test('every host can be asked the same', async () => {
  const answers: { [path: string]: Json } = {
    'GET /repos/o/hello/collaborators/ann/permission': { permission: 'write' }, 'GET /projects/o%2Fhello/members/all?query=ann&per_page=100&page=1': [{ username: 'annette', access_level: 50 }, { username: 'ann', access_level: 30 }],
    'GET /workspaces/o/permissions/repositories/hello?q=user.nickname%3D%22ann%22': { values: [{ permission: 'write' }] }, 'GET /projects/o/repos/hello/permissions/users?filter=ann': { values: [{ user: { name: 'ann' }, permission: 'REPO_WRITE' }] },
  }
  for (const [host, kind] of Object.entries(hostKinds)) {
    const asked: string[] = []
    const operations = kind.operations('o/hello', request => {
      asked.push(`${request.method} ${request.path}`)
      return Promise.resolve({ status: 200, body: answers[`${request.method} ${request.path}`] ?? [] })
    })
    expect([host, await operations.permissionOf('ann')]).toEqual([host, 'write'])
    await operations.comment(7, 'hello')
    expect(asked.at(-1)).toMatch(/^POST .*7\/(comments|notes)$/)
  }
})
