import { FAILURE, SUCCESS, WARNINGS, type Json, type Message, type Report } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { reporterDriver } from '../reporter-drivers.js'
import { codeHostBenches, kindOf } from '../testing/code-host-bench.js'
import { composing, sending, testReport, testStamp } from '../testing/compose.js'
import { parseGitUrl } from './git-url.js'

const clock = systemClock()

async function told(name: string, report: Report, options: { [option: string]: Json } = {}): Promise<Message[]> {
  const bench = await codeHostBenches[name]!(() => 0)
  try {
    const reporter = { ...bench.reporter, options: { ...bench.reporter.options, ...options } }
    return await reporterDriver(kindOf(name)).compose(report, reporter, composing(report))
  } finally {
    await bench.host.close()
  }
}
const subjects = async (...args: Parameters<typeof told>): Promise<string[]> => (await told(...args)).map(message => message.subject)

test.each([
  ['https://github.com/buildbot/buildbot', 'github.com', 'buildbot', 'buildbot'],
  ['https://github.com/buildbot/buildbot.git', 'github.com', 'buildbot', 'buildbot'],
  ['https://user:pass@github.com:8443/o/r.git', 'github.com', 'o', 'r'],
  ['ssh://git@github.com/o/r.git', 'github.com', 'o', 'r'],
  ['ssh://git@github.com:22/o/r.git', 'github.com', 'o', 'r'],
  ['git@gitlab.example.org:group/sub/repo.git', 'gitlab.example.org', 'group/sub', 'repo'],
  ['git://h/o/r', 'h', 'o', 'r'],
])('%s', (url, host, owner, repository) => {
  expect(parseGitUrl(url)).toEqual({ host, owner, repository })
})

test.each(['/srv/git/x', 'https://h/alone', 'nothing', ''])('%j names no repository of an owner', url => {
  expect(parseGitUrl(url)).toBeNull()
})

test('GitLab: a merge request is told of in the project that it comes from; another codebase in its own', async () => {
  const properties = { source_project_id: 42, source_branch: 'topic', target_repository: 'https://gitlab.example.org/group/sub/repo.git' }
  const merge = testStamp({ repository: 'https://gitlab.example.org/group/sub/repo.git' })
  const messages = await told('gitlabStatus', testReport('started', { sourcestamps: [merge, testStamp({ repository: 'git@gitlab.example.org:libs/x.git', codebase: 'x', branch: 'stable', revision: 'c'.repeat(40) })], extra: properties }))
  expect(messages).toMatchObject([
    { subject: `42@${'a'.repeat(40)} buildbot/hello`, payload: { body: { state: 'running', ref: 'topic', name: 'buildbot/hello' } } },
    { subject: `libs/x@${'c'.repeat(40)} buildbot/hello`, payload: { body: { ref: 'stable' } } },
  ])
  expect(await subjects('gitlabStatus', testReport('started', { sourcestamps: [merge] }))).toEqual([`group/sub/repo@${'a'.repeat(40)} buildbot/hello`])
})

test('Gitea: a pull request is told of at its head, in its own context', async () => {
  const extra = { pr_id: 3, head_sha: 'd'.repeat(40), owner: 'own', repository_name: 'er', head_owner: 'fork', head_reponame: 'er' }
  const report = testReport('finished', { results: WARNINGS, extra })
  expect(await told('giteaStatus', report)).toMatchObject([{ subject: `own/er@${'d'.repeat(40)} buildbot/pull_request/hello`, payload: { body: { state: 'warning' } } }])
  expect(await told('giteaStatus', report, { warningAsSuccess: true })).toMatchObject([{ payload: { body: { state: 'success' } } }])
  expect(await told('giteaStatus', testReport('finished', { results: WARNINGS }))).toMatchObject([{ subject: `owner/repo@${'a'.repeat(40)} buildbot/hello` }])
})

test('Bitbucket Server: clone URLs and addresses of pages name the repository', async () => {
  const of = async (repository: string) => (await subjects('bitbucketServerStatus (core)', testReport('started', { sourcestamps: [testStamp({ repository })] })))[0]?.split('@')[0]
  expect(await of('https://stash.example.org/scm/PRJ/repo.git')).toBe('PRJ/repo')
  expect(await of('ssh://git@stash.example.org:7999/~me/repo.git')).toBe('~me/repo')
  expect(await of('https://stash.example.org/projects/PRJ/repos/repo/browse')).toBe('PRJ/repo')
  expect(await of('https://stash.example.org/users/me/repos/repo/')).toBe('~me/repo')
})

test('Bitbucket Server: the API that knows repositories is told what pages of builds show', async () => {
  const report = testReport('finished', { results: FAILURE, extra: { tests_failed: 2, tests_successful: 5 } })
  expect(await told('bitbucketServerStatus (core)', report, { statusSuffix: ' (x64)' })).toMatchObject([{
    payload: { body: {
      state: 'FAILED', key: 'hello', parent: 'hello', buildNumber: '7', ref: 'refs/heads/main', name: 'hello #7 (x64)', description: 'Build done.', duration: 5_000, url: 'http://yard.example.org/builders/1/builds/7',
      testResults: { failed: 2, skipped: 0, successful: 5 },
    } },
  }])
  const [requested] = await told('bitbucketServerStatus (core)', testReport('requested'))
  expect(requested?.payload).toMatchObject({ body: { state: 'INPROGRESS', name: 'hello #(build request)' } })
  expect(JSON.stringify(requested)).not.toMatch(/duration|testResults|buildNumber/)
})

test('Bitbucket Server: what is too long is cut, since it would take nothing of it', async () => {
  const bench = await codeHostBenches['bitbucketServerStatus (1.0)']!(() => 0)
  const driver = reporterDriver('bitbucketServerStatus')
  const reporter = { ...bench.reporter, options: { ...bench.reporter.options, endDescription: 'ü'.repeat(300) } }
  const report = testReport('finished', { results: SUCCESS })
  const [message] = await driver.compose(report, reporter, composing(report))
  await driver.send(message!, reporter, sending(reporter, { clock, signal: new AbortController().signal, secrets: bench.secrets }))
  expect(bench.truth('a'.repeat(40))).toEqual({ hello: 'SUCCESSFUL' })
  await bench.host.close()
})

test('Bitbucket: the repository is named by any of its URLs; keys are SHA-1, as Buildbot\'s', async () => {
  for (const repository of ['https://bitbucket.org/o/r', 'git@bitbucket.org:o/r.git', 'https://api.bitbucket.org/2.0/repositories/o/r', 'ssh://git@bitbucket.org/o/r.git']) {
    const report = testReport('finished', { sourcestamps: [testStamp({ repository })] })
    expect(await told('bitbucketStatus', report)).toMatchObject([{ payload: { repository: 'o/r', body: { key: 'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d', name: 'hello', state: 'SUCCESSFUL' } } }])
  }
})
