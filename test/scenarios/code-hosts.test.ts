import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  githubPull, hookMessages, pushMessage, startFakeBitbucketCloud, startFakeBitbucketServer, startFakeGitea, startFakeGithub, startFakeGitlab, type FakeGithub, type HookMessage,
} from '@yardmaster/integrations/testing'
import { systemClock } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const clock = systemClock()
const secret = 'of the webhooks'
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
const folder = mkdtempSync(join(tmpdir(), 'yard-code-hosts-'))

let github: FakeGithub
let gitlab: Awaited<ReturnType<typeof startFakeGitlab>>
let gitea: Awaited<ReturnType<typeof startFakeGitea>>
let stash: Awaited<ReturnType<typeof startFakeBitbucketServer>>
let bitbucket: Awaited<ReturnType<typeof startFakeBitbucketCloud>>
let cluster: Cluster

const config = () => `
import { changeHooks, defineConfig, reporters, schedulers, steps, util, workers } from '@yardmaster/config'
const app = { appId: 17, privateKey: util.secret('app_key') }
export default defineConfig({
  workers: [workers.worker({ name: 'w1', password: 'pw', maxBuilds: 4 })],
  builders: [
    { name: 'hello', workers: ['w1'], steps: [steps.shell({ name: 'gate', command: ['sh', '-c', 'until [ -e "${folder}/$REV" ]; do sleep 0.1; done'], env: { REV: util.property('revision') } })] },
    { name: 'doomed', workers: ['w1'], collapseRequests: false, steps: [steps.shell({ name: 'test', command: ['sh', '-c', 'echo what went wrong; exit 1'] })] },
    { name: 'quick', workers: ['w1'], collapseRequests: false, steps: [steps.shell({ name: 'test', command: 'true' })] },
  ],
  schedulers: [
    schedulers.anyBranch({ name: 'pushes', builders: ['hello'], changeFilter: util.changeFilter({ category: null, branch: 'main' }) }),
    schedulers.anyBranch({ name: 'pulls', builders: ['doomed', 'quick'], changeFilter: util.changeFilter({ category: 'pull' }) }),
    schedulers.anyBranch({ name: 'storm', builders: ['doomed', 'quick'], changeFilter: util.changeFilter({ branch: 'storm' }) }),
    schedulers.force({ name: 'force', builders: ['quick'] }),
  ],
  changeHooks: [changeHooks.github({ secret: util.secret('hooks') })],
  services: [
    reporters.githubStatus({ token: util.secret('github'), baseURL: '${github.url}' }),
    reporters.githubChecks({ app, baseURL: '${github.url}', checkName: util.interpolate('checks of %(prop:buildername)s') }),
    reporters.githubComment({ app, baseURL: '${github.url}' }),
    reporters.gitlabStatus({ token: util.secret('gitlab'), baseURL: '${gitlab.url}' }),
    reporters.giteaStatus({ token: util.secret('gitea'), baseURL: '${gitea.url}' }),
    reporters.bitbucketServerStatus({ auth: { user: 'yard', password: util.secret('stash') }, baseURL: '${stash.url}', api: 'core' }),
    reporters.bitbucketStatus({ oauthKey: 'consumer', oauthSecret: util.secret('oauth'), baseURL: '${bitbucket.url}/2.0/repositories', oauthURL: '${bitbucket.url}/site/oauth2/access_token' }),
  ],
})
`

const secrets = {
  YARD_SECRET_HOOKS: secret, YARD_SECRET_APP_KEY: privateKey, YARD_SECRET_GITHUB: 'ghp_very_secret', YARD_SECRET_GITLAB: 'glpat_very_secret', YARD_SECRET_GITEA: 'gitea_very_secret',
  YARD_SECRET_STASH: 'stash_very_secret', YARD_SECRET_OAUTH: 'oauth_very_secret',
}

beforeAll(async () => {
  [github, gitlab, gitea, stash, bitbucket] = await Promise.all([
    startFakeGithub(), startFakeGitlab(), startFakeGitea(), startFakeBitbucketServer(new Set(['o/hello'])), startFakeBitbucketCloud(new Map([['consumer', 'oauth_very_secret']])),
  ])
  github.addRepository('o/hello')
  github.tokens.set('ghp_very_secret', { login: 'yard', right: 'write', app: null, repositories: null })
  github.apps.set('17', { publicKey, slug: 'yard', installations: new Map([[5, ['o/hello']]]), tokensGiven: 0, lifetime: 3_600, now: () => Math.floor(clock.now() / 1_000) })
  gitlab.tokens.set('glpat_very_secret', 'yard')
  gitlab.projects.push({ id: 1, path: 'o/hello', commits: null })
  gitea.tokens.add('gitea_very_secret')
  gitea.repositories.set('o/hello', null)
  stash.credentials.add(basic('yard:stash_very_secret'))
  cluster = await startCluster({ config: config(), workers: ['w1'], schedulers: 2, env: secrets })
})
afterAll(async () => {
  await cluster?.stop()
  await Promise.all([github, gitlab, gitea, stash, bitbucket].map(host => host?.close()))
  rmSync(folder, { recursive: true, force: true })
})

async function hook({ path, headers, body }: HookMessage): Promise<void> {
  const response = await fetch(`${cluster.url}change_hook/${path}`, { method: 'POST', headers, body })
  expect([200, 202], await response.text()).toContain(response.status)
}

/** Told with what the hosts have got, if it does not come about. */
async function soon(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  await until(what, condition).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${JSON.stringify(Object.fromEntries(github.repositories.get('o/hello')?.statuses ?? []))}\n${lastWords(cluster)}`)
  })
}

const shown = (sha: string) => ({ github: github.truth('o/hello', sha), gitlab: gitlab.truth('o/hello', sha), gitea: gitea.truth('o/hello', sha), stash: stash.truth(sha) })
const checks = (sha: string) => (github.repositories.get('o/hello')?.checkRuns ?? []).filter(run => run.head_sha === sha)

test('a push is pending at every host when it is asked for, again when it is begun, and has its end', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  const sha = '1'.repeat(40)
  await cluster.client.control('workers/w1', 'pause', { reason: 'nothing begins yet' })
  await hook(pushMessage('github', { revision: sha, delivery: 'push-1', secret }))
  await soon('it is pending', () => JSON.stringify(shown(sha)) === JSON.stringify({ github: { 'buildbot/hello': 'pending' }, gitlab: { 'buildbot/hello': 'pending' }, gitea: { 'buildbot/hello': 'pending' }, stash: { hello: 'INPROGRESS' } }))
  await cluster.client.control('workers/w1', 'unpause', { reason: 'now' })
  await soon('it has begun', () => github.statuses('o/hello', sha).length === 2 && gitlab.truth('o/hello', sha)['buildbot/hello'] === 'running' && checks(sha)[0]?.status === 'in_progress')
  writeFileSync(join(folder, sha), '')
  await soon('it has ended', () => JSON.stringify(shown(sha)) === JSON.stringify({ github: { 'buildbot/hello': 'success' }, gitlab: { 'buildbot/hello': 'success' }, gitea: { 'buildbot/hello': 'success' }, stash: { hello: 'SUCCESSFUL' } }))
  const [{ id: builder } = { id: 0 }] = await cluster.rows<{ id: number }>("SELECT id FROM builders WHERE name = 'hello'")
  const page = (path: string): string => expect.stringMatching(new RegExp(`${path}$`)) as string
  expect(github.statuses('o/hello', sha)).toMatchObject([
    { context: 'buildbot/hello', state: 'pending', description: 'Build pending.', target_url: page('buildrequests/\\d+') },
    { context: 'buildbot/hello', state: 'pending', description: 'Build started.', target_url: page(`builders/${builder}/builds/1`) },
    { context: 'buildbot/hello', state: 'success', description: 'Build done.', target_url: page(`builders/${builder}/builds/1`) },
  ])
  await soon('the check has ended', () => checks(sha)[0]?.conclusion === 'success')
  expect(checks(sha)).toMatchObject([{ name: 'checks of hello', status: 'completed' }])
  await soon('Bitbucket has it', () => [...bitbucket.statuses].some(([at, status]) => at.startsWith(sha) && status['state'] === 'SUCCESSFUL' && status['name'] === 'hello'))
})

test('a pull request has the status of its head, a check with the log of what failed, and one comment', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  const sha = '2'.repeat(40)
  github.addPull('o/hello', { number: 7, head: { sha, ref: 'topic' } })
  await hook(hookMessages.github({ event: 'pull_request', delivery: 'pull-7', secret, payload: githubPull({ number: 7, sha }) }))
  await soon('it is told', () => JSON.stringify(Object.entries(github.truth('o/hello', sha)).toSorted()) === JSON.stringify([['buildbot/doomed', 'failure'], ['buildbot/quick', 'success']]))
  await soon('the check is told', () => checks(sha).filter(run => run.status === 'completed').length === 2)
  const failed = checks(sha).find(run => run.name === 'checks of doomed')
  expect(failed).toMatchObject({ conclusion: 'failure', output: { title: 'Build done. (failure)', summary: expect.stringContaining('what went wrong') } })
  const comments = () => github.repositories.get('o/hello')?.comments.get(7) ?? []
  await soon('there is a comment', () => comments().length === 1)
  expect(comments()[0]).toMatchObject({ user: 'yard[bot]', body: expect.stringMatching(/\[doomed #1\]\(.*\): \*\*failure\*\*[^]*\[quick #1\]\(.*\): \*\*success\*\*/) })
})

test('a forced build that is cancelled before it begins does not stay pending', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  const sha = '3'.repeat(40)
  await cluster.client.control('workers/w1', 'pause', { reason: 'nothing begins yet' })
  const [{ id: builder } = { id: 0 }] = await cluster.rows<{ id: number }>("SELECT id FROM builders WHERE name = 'quick'")
  await cluster.client.control('forceschedulers/force', 'force', { builderid: builder, reason: 'test', repository: 'https://github.example.org/o/hello', revision: sha, branch: 'main', project: 'o/hello' })
  await soon('it is pending', () => github.truth('o/hello', sha)['buildbot/quick'] === 'pending')
  const [{ id: request } = { id: 0 }] = await cluster.rows<{ id: number }>("SELECT id FROM build_requests WHERE state <> 'complete' AND builder_id = $1", [builder])
  await cluster.client.control(`buildrequests/${request}`, 'cancel', { reason: 'not wanted' })
  await soon('it is not any more', () => github.truth('o/hello', sha)['buildbot/quick'] === 'error' && gitlab.truth('o/hello', sha)['buildbot/quick'] === 'canceled')
  expect(github.statuses('o/hello', sha).at(-1)).toMatchObject({ description: 'Build cancelled.' })
  await cluster.client.control('workers/w1', 'unpause', { reason: 'now' })
})

test('while answers are lost, hosts fail and limit, and a scheduler is killed, every commit comes to its truth', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  const shas = Array.from({ length: 6 }, (_, n) => String(n).repeat(39) + 'e')
  let calls = 0
  for (const host of [github, gitlab, gitea, stash]) {
    host.setMishaps(() => {
      const call = ++calls
      if (call % 5 === 0) return { act: 'lost' }
      if (call % 7 === 0) return { act: 'answer', status: 502, done: true }
      return call % 11 === 0 ? { act: 'answer', status: 429, done: false, headers: { 'retry-after': '1' } } : null
    })
  }
  for (const [n, sha] of shas.entries()) {
    await hook(pushMessage('github', { revision: sha, branch: 'storm', delivery: `storm-${n}`, secret }))
    if (n === 2) await cluster.schedulers[0]?.kill()
  }
  await soon('all are built', async () => (await cluster.rows("SELECT 1 FROM builds b JOIN build_requests r ON r.id = b.build_request_id WHERE b.complete_at IS NOT NULL AND (b.properties -> 'branch' ->> 0) = 'storm'")).length === shas.length * 2)
  for (const host of [github, gitlab, gitea, stash]) host.setMishaps(() => null)
  const truth = (good: string, bad: string, prefix = 'buildbot/') => JSON.stringify([[`${prefix}doomed`, bad], [`${prefix}quick`, good]])
  const of = (states: { [context: string]: string }) => JSON.stringify(Object.entries(states).toSorted())
  for (const sha of shas) {
    await soon(`${sha} is told at GitHub`, () => of(github.truth('o/hello', sha)) === truth('success', 'failure'))
    await soon(`${sha} is told at GitLab`, () => of(gitlab.truth('o/hello', sha)) === truth('success', 'failed'))
    await soon(`${sha} is told at Gitea`, () => of(gitea.truth('o/hello', sha)) === truth('success', 'failure'))
    await soon(`${sha} is told at Bitbucket Server`, () => of(stash.truth(sha)) === truth('SUCCESSFUL', 'FAILED', ''))
    await soon(`${sha} is checked`, () => checks(sha).length === 2 && checks(sha).every(run => run.status === 'completed'))
  }
  await cluster.schedulers[0]?.start()
})

test('no secret is kept or logged', async () => {
  const kept = JSON.stringify(await cluster.rows('SELECT n, a FROM notifications n LEFT JOIN notification_attempts a ON a.notification_id = n.id'))
  const logged = cluster.processes().flatMap(process => process.lines).join('\n')
  for (const text of [kept, logged]) expect(text).not.toMatch(/very_secret|PRIVATE KEY|oauth-\d|ghs_\d/)
})
