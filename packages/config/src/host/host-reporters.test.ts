import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkConfiguration } from '@yardmaster/config/host'

const base = mkdtempSync(join(tmpdir(), 'yard-host-reporters-'))
afterAll(() => rmSync(base, { recursive: true }))
let count = 0
const timer = (fn: () => void, ms: number) => { const timeout = setTimeout(fn, ms); return () => clearTimeout(timeout) }

function check(services: string) {
  const folder = join(base, String(++count))
  mkdirSync(folder)
  writeFileSync(join(folder, 'yard.config.ts'), `import { defineConfig, reporters, steps, util, workers } from '@yardmaster/config'
export default defineConfig({ workers: [workers.worker({ name: 'w1', password: util.secret('w1') })], builders: [{ name: 'b', workers: ['w1'], steps: [steps.shell({ command: 'true' })] }], services: ${services} })`)
  return checkConfiguration(join(folder, 'yard.config.ts'), timer)
}

test('Buildbot\'s defaults are theirs where nothing is said', async () => {
  const outcome = await check(`[
    reporters.githubStatus({ token: util.secret('t') }),
    reporters.githubChecks({ app: { appId: 17, privateKey: util.secret('key') }, annotations: report => [{ path: report.title, start_line: 1, end_line: 1, annotation_level: 'failure', message: 'no' }] }),
    reporters.githubComment({ token: util.secret('t'), baseURL: 'https://github.example.org/api/v3/' }),
    reporters.gitlabStatus({ token: util.secret('t') }),
    reporters.giteaStatus({ token: util.secret('t'), baseURL: 'https://gitea.example.org' }),
    reporters.bitbucketServerStatus({ auth: { user: 'u', password: util.secret('p') }, baseURL: 'https://stash.example.org/' }),
    reporters.bitbucketStatus({ oauthKey: 'k', oauthSecret: util.secret('s') }),
    reporters.bitbucketServerComment({ token: util.secret('t'), baseURL: 'https://stash.example.org' }),
  ]`)
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.errors))
  expect(outcome.warnings).toEqual([])
  const context = { $interpolate: 'buildbot/%(prop:buildername)s' }
  const builder = { $interpolate: '%(prop:buildername)s' }
  const words = { pendingDescription: 'Build pending.', startDescription: 'Build started.', endDescription: 'Build done.' }
  const life = [{ kind: 'buildRequest' }, { kind: 'buildStartEnd' }]
  expect(outcome.configuration.reporters).toMatchObject([
    { kind: 'githubStatus', name: 'githubStatus api.github.com', generators: life, options: { baseURL: 'https://api.github.com', context, contextPr: null, token: { $secret: 't' }, app: null, verify: true, ...words } },
    { kind: 'githubChecks', generators: life, options: { checkName: context, app: { appId: 17, privateKey: { $secret: 'key' }, installationId: null }, annotations: { $fn: expect.any(String) }, ...words } },
    { kind: 'githubComment', name: 'githubComment github.example.org', onUnknown: 'stop', generators: [{ kind: 'buildSetCombined' }], options: { baseURL: 'https://github.example.org/api/v3', mode: 'edit', startDescription: null } },
    { kind: 'gitlabStatus', generators: life, options: { baseURL: 'https://gitlab.com', context, ...words } },
    { kind: 'giteaStatus', generators: life, options: { context, contextPr: { $interpolate: 'buildbot/pull_request/%(prop:buildername)s' }, warningAsSuccess: false } },
    { kind: 'bitbucketServerStatus', options: { baseURL: 'https://stash.example.org', api: 'build-status', key: builder, statusName: null, auth: { user: 'u', password: { $secret: 'p' } } } },
    { kind: 'bitbucketStatus', options: { baseURL: 'https://api.bitbucket.org/2.0/repositories', oauthURL: 'https://bitbucket.org/site/oauth2/access_token', statusKey: builder, statusName: builder } },
    { kind: 'bitbucketServerComment', onUnknown: 'stop', generators: [{ kind: 'buildStatus', mode: ['failing', 'passing', 'warnings'] }], options: { startDescription: null, endDescription: null } },
  ])
})

test('what is wrong is told where it is, and secrets that are written there are told of', async () => {
  const wrong = await check(`[
    reporters.githubStatus({}),
    reporters.githubStatus({ name: 'a', token: util.secret('t'), app: { appId: 1, privateKey: util.secret('k') } }),
    reporters.gitlabStatus({ token: util.secret('t'), baseURL: 'gitlab.example.org' }),
    reporters.giteaStatus({ token: util.secret('t'), baseURL: 'https://u:p@gitea.example.org' }),
    reporters.bitbucketServerStatus({ baseURL: 'https://b.example.org', token: util.secret('t'), ref: 'refs/heads/x' }),
    reporters.bitbucketStatus({ oauthKey: 'k' }),
    reporters.githubStatus({ name: 'b', token: util.secret('t'), generators: [reporters.workerMissingGenerator()] }),
  ]`)
  expect(wrong.ok ? [] : wrong.errors.map(error => `${error.path}: ${error.message.replace(/^.*': /, '')}`)).toEqual([
    'services[0]: expected a token, or app: { appId, privateKey }, found neither',
    'services[1]: expected a token, or app: { appId, privateKey }, found both',
    "services[2].baseURL: expected a URL that begins with http:// or https://, found 'gitlab.example.org'",
    'services[3].baseURL: expected a URL without a name and password: other options say these, found a URL with them',
    "services[4].ref: expected api: 'core' with it: the older API has no such field, found 'build-status'",
    'services[5]: expected oauthKey and oauthSecret together, found one of them',
    expect.stringContaining('services[6].generators[0]: expected a generator that tells of a build by itself'),
  ])
  const written = await check(`[reporters.githubStatus({ token: 'ghp_1' }), reporters.bitbucketStatus({ auth: { user: 'u', password: 'p' } }), reporters.githubChecks({ token: util.secret('t') })]`)
  expect(written.ok && written.warnings.map(warning => warning.path)).toEqual(['services[0].token', 'services[1].auth.password', 'services[2].token'])
})
