import { generateKeyPairSync } from 'node:crypto'
import type { Renderable, ReporterConfig, ReporterKind } from '@yardmaster/domain'
import { basic } from '../code-hosts/connection.js'
import { startFakeBitbucketCloud, startFakeBitbucketServer } from './bitbucket.js'
import { testReporter } from './compose.js'
import type { FakeHost } from './fake-host.js'
import { startFakeGitea } from './gitea.js'
import { startFakeGithub } from './github.js'
import { startFakeGitlab } from './gitlab.js'

/** A fake host, a reporter that tells it, the secrets that are needed, and what the host shows of a commit of owner/repo. */
export type CodeHostBench = {
  host: FakeHost
  reporter: ReporterConfig
  secrets: { [name: string]: string }
  truth(sha: string): { [name: string]: string }
}

const common: { [option: string]: Renderable } = {
  verify: true, ca: null, verbose: false, pendingDescription: 'Build pending.', startDescription: 'Build started.', endDescription: 'Build done.',
  context: { $interpolate: 'buildbot/%(prop:buildername)s' }, contextPr: null, token: null, app: null, auth: null,
}
const builderName = { $interpolate: '%(prop:buildername)s' }
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })

export const appPrivateKey = privateKey

async function github(kind: 'githubStatus' | 'githubChecks', now: () => number): Promise<CodeHostBench> {
  const host = await startFakeGithub()
  const repository = host.addRepository('owner/repo')
  host.tokens.set('ghp_secret', { login: 'bot', right: 'write', app: null, repositories: null })
  host.apps.set('17', { publicKey, slug: 'yard', installations: new Map([[5, ['owner/repo']]]), tokensGiven: 0, lifetime: 3_600, now })
  const app = { appId: 17, privateKey: { $secret: 'key' }, installationId: null }
  const checks = (sha: string) => {
    const runs = repository.checkRuns.filter(run => run.head_sha === sha)
    const twice = runs.filter((run, index) => runs.findIndex(other => other.external_id === run.external_id) !== index)
    return Object.fromEntries([...runs.map(run => [run.name, run.conclusion ?? run.status]), ...twice.map(run => [`a second run of ${run.external_id}`, run.status])])
  }
  const own: { [option: string]: Renderable } = kind === 'githubStatus' ? { token: { $secret: 'token' } } : { app, checkName: common['context'] ?? null, annotations: null }
  return {
    host, secrets: { token: 'ghp_secret', key: privateKey }, reporter: testReporter(kind, { ...common, ...own, baseURL: host.url }),
    truth: kind === 'githubStatus' ? sha => host.truth('owner/repo', sha) : checks,
  }
}

async function gitlab(): Promise<CodeHostBench> {
  const host = await startFakeGitlab()
  host.tokens.set('glpat', 'bot')
  host.projects.push({ id: 1, path: 'owner/repo', commits: null })
  return { host, secrets: { token: 'glpat' }, reporter: testReporter('gitlabStatus', { ...common, token: { $secret: 'token' }, baseURL: host.url }), truth: sha => host.truth('owner/repo', sha) }
}

async function gitea(): Promise<CodeHostBench> {
  const host = await startFakeGitea()
  host.tokens.add('gitea-token')
  host.repositories.set('owner/repo', null)
  const reporter = testReporter('giteaStatus', {
    ...common, token: { $secret: 'token' }, baseURL: host.url, contextPr: { $interpolate: 'buildbot/pull_request/%(prop:buildername)s' }, warningAsSuccess: false,
  })
  return { host, secrets: { token: 'gitea-token' }, reporter, truth: sha => host.truth('owner/repo', sha) }
}

async function bitbucketServer(api: 'core' | 'build-status'): Promise<CodeHostBench> {
  const host = await startFakeBitbucketServer(new Set(['owner/repo']))
  host.credentials.add(basic('bot', 'p4ss'))
  const reporter = testReporter('bitbucketServerStatus', { ...common, baseURL: host.url, auth: { user: 'bot', password: { $secret: 'password' } }, api, key: builderName, statusName: null })
  return { host, secrets: { password: 'p4ss' }, reporter, truth: host.truth }
}

async function bitbucketCloud(): Promise<CodeHostBench> {
  const host = await startFakeBitbucketCloud(new Map([['consumer', 'oauth-secret']]))
  const reporter = testReporter('bitbucketStatus', {
    ...common, baseURL: `${host.url}/2.0/repositories`, oauthURL: `${host.url}/site/oauth2/access_token`, oauthKey: 'consumer', oauthSecret: { $secret: 'oauth' }, statusKey: builderName, statusName: builderName,
  })
  const names = (sha: string) => Object.fromEntries([...host.statuses].filter(([at]) => at.startsWith(sha)).map(([, status]) => [String(status['name']), String(status['state'])]))
  return { host, secrets: { oauth: 'oauth-secret' }, reporter, truth: names }
}

/** By what they are called in tests; `now`: epoch seconds, for hosts that judge times. */
export const codeHostBenches: { [name: string]: (now: () => number) => Promise<CodeHostBench> } = {
  githubStatus: now => github('githubStatus', now),
  githubChecks: now => github('githubChecks', now),
  gitlabStatus: gitlab,
  giteaStatus: gitea,
  'bitbucketServerStatus (1.0)': () => bitbucketServer('build-status'),
  'bitbucketServerStatus (core)': () => bitbucketServer('core'),
  bitbucketStatus: bitbucketCloud,
}

export const kindOf = (name: string): ReporterKind => name.split(' ')[0] as ReporterKind
