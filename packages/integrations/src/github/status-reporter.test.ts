import { CANCELLED, EXCEPTION, FAILURE, RETRY, SKIPPED, SUCCESS, WARNINGS, type Message, type Report, type ReporterConfig, type Result } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../../../test/kit/until.js'
import { composing, sending, testGenerator, testReport, testReporter, testStamp } from '../testing/compose.js'
import { startFakeGithub, type FakeGithub } from '../testing/github.js'
import { githubStatusDriver } from './status-reporter.js'

const sha = 'a'.repeat(40)
const clock = systemClock()
const secrets = { token: 'ghp_secret' }
let github: FakeGithub
beforeEach(async () => {
  github = await startFakeGithub()
  github.tokens.set('ghp_secret', { login: 'bot', right: 'write', app: null, repositories: null })
  github.addRepository('owner/repo')
})
afterEach(() => github.close())

/** Options as the configuration's reader leaves them. */
const reporter = (more: ReporterConfig['options'] = {}): ReporterConfig => testReporter('githubStatus', {
  token: { $secret: 'token' }, app: null, baseURL: github.url, verify: true, ca: null, verbose: false, contextPr: null, context: { $interpolate: 'buildbot/%(prop:buildername)s' },
  pendingDescription: 'Build pending.', startDescription: 'Build started.', endDescription: 'Build done.', ...more,
})
const compose = (report: Report, of = reporter(), options: Parameters<typeof composing>[1] = {}): Promise<Message[]> => githubStatusDriver.compose(report, of, composing(report, options))
const send = (message: Message, of = reporter(), attempt = 1) => githubStatusDriver.send(message, of, sending(of, { clock, signal: new AbortController().signal, secrets, attempt }))

describe('what is told', () => {
  test.each<[Result, string]>([[SUCCESS, 'success'], [WARNINGS, 'success'], [FAILURE, 'failure'], [SKIPPED, 'success'], [EXCEPTION, 'error'], [RETRY, 'pending'], [CANCELLED, 'error']])('result %i is %s', async (results, state) => {
    expect(await compose(testReport('finished', { results }))).toMatchObject([{ payload: { body: { state, description: results === RETRY ? 'Build pending.' : 'Build done.' } } }])
  })

  test('each of a build\'s stages, with Buildbot\'s context and words', async () => {
    const told = async (event: Report['event']) => (await compose(testReport(event, { builderName: 'linux gcc/ä' })))[0]?.payload
    const body = { context: 'buildbot/linux gcc/ä', state: 'pending' }
    expect(await told('requested')).toEqual({ repository: 'owner/repo', sha, body: { ...body, description: 'Build pending.', target_url: 'http://yard.example.org/buildrequests/9' } })
    expect(await told('started')).toEqual({ repository: 'owner/repo', sha, body: { ...body, description: 'Build started.', target_url: 'http://yard.example.org/builders/1/builds/7' } })
    expect(await told('cancelled')).toMatchObject({ body: { state: 'error', description: 'Build cancelled.' } })
    expect(await compose(testReport('worker.missing'))).toEqual([])
  })

  test.each([CANCELLED, SKIPPED] as const)('a request that ended (%i) without a build is an error: pending for ever it blocks a merge, and a success it is not', async results => {
    expect(await compose(testReport('cancelled', { results }))).toMatchObject([{ payload: { body: { state: 'error' } } }])
  })

  test('the repository is the project\'s, else its URL\'s; a source stamp without a revision is left out', async () => {
    const stamps = [
      testStamp({ project: 'org/name', revision: '1'.repeat(40) }), testStamp({ repository: 'git@github.example.org:a/b.git', revision: '2'.repeat(40), codebase: 'b' }),
      testStamp({ repository: 'ssh://git@h:22/c/d', revision: '3'.repeat(40), project: 'no repository' }), testStamp({ revision: null, codebase: 'none' }), testStamp({ repository: '/local', codebase: 'local' }),
    ]
    expect((await compose(testReport('started', { sourcestamps: stamps }))).map(message => message.subject)).toEqual([
      `org/name@${'1'.repeat(40)} buildbot/hello`, `a/b@${'2'.repeat(40)} buildbot/hello`, `c/d@${'3'.repeat(40)} buildbot/hello`,
    ])
  })

  test('a pull request\'s is of its head, in its own context if there is one', async () => {
    const report = testReport('started', { sourcestamps: [testStamp({ branch: 'refs/pull/34/merge', revision: 'b'.repeat(40) })], extra: { 'github.head.sha': 'c'.repeat(40) } })
    expect((await compose(report))[0]?.subject).toBe(`owner/repo@${'c'.repeat(40)} buildbot/hello`)
    expect((await compose(report, reporter({ contextPr: 'pr' })))[0]?.subject).toBe(`owner/repo@${'c'.repeat(40)} pr`)
  })

  test('a formatter\'s words, cut where GitHub does not take more; null tells nothing', async () => {
    const functions = { start: () => null, end: () => ({ body: 'x'.repeat(200) }) }
    const generator = testGenerator('buildStartEnd', { startFormatter: { $fn: 'start' }, formatter: { $fn: 'end' } })
    expect(await compose(testReport('started'), reporter(), { generator, functions })).toEqual([])
    expect(await compose(testReport('finished'), reporter(), { generator, functions })).toMatchObject([{ payload: { body: { description: `${'x'.repeat(139)}…` } } }])
  })
})

describe('sending', () => {
  const composed = async (): Promise<Message> => (await compose(testReport('finished')))[0] as Message
  const outcomeOf = async (message: Message) => send(message).then(() => 'sent', (error: unknown) => error)

  test('GitHub shows it', async () => {
    expect(await send(await composed())).toEqual({ detail: 'HTTP 201', reference: expect.stringMatching(/^\d+$/) })
    expect(github.statuses('owner/repo', sha)).toMatchObject([{ state: 'success', context: 'buildbot/hello', description: 'Build done.', target_url: 'http://yard.example.org/builders/1/builds/7', creator: 'bot' }])
  })

  test('what GitHub will never take is refused, and a token that is wrong is tried again, without telling it', async () => {
    const message = await composed()
    github.repositories.clear()
    expect(await outcomeOf(message)).toMatchObject({ outcome: 'refused', message: expect.stringContaining('/repos/owner/repo/statuses/') })
    github.addRepository('owner/repo')
    github.tokens.clear()
    expect(await outcomeOf(message)).toMatchObject({ outcome: 'again', limited: false, retryAfterMs: 60_000 })
    github.setMishaps(({ headers }) => ({ act: 'answer', status: 400, done: false, body: { message: `what is ${headers.authorization}?` } }))
    expect(await outcomeOf(message)).toMatchObject({ outcome: 'refused', message: expect.stringContaining('what is token ***?') })
  })

  test('a commit that GitHub does not know it may know soon, and then is refused', async () => {
    const message = await composed()
    github.addRepository('owner/repo', {})
    expect(await outcomeOf(message)).toMatchObject({ outcome: 'again', retryAfterMs: 5_000, limited: false, message: expect.stringContaining('No commit found for SHA') })
    await expect(send(message, reporter(), 5)).rejects.toMatchObject({ outcome: 'refused', message: expect.stringContaining('No commit found for SHA') })
  })

  test('the thousandth status of a commit and context is the last', async () => {
    const message = await composed()
    for (let count = 0; count < 1_000; count++) github.repositories.get('owner/repo')?.statuses.set(sha, [...github.statuses('owner/repo', sha), { id: count, state: 'pending', context: 'buildbot/hello', description: null, target_url: null, creator: 'bot' }])
    expect(await outcomeOf(message)).toMatchObject({ outcome: 'refused', message: expect.stringContaining('maximum number of statuses') })
  })

  test('limits are the whole host\'s, and last as long as GitHub says', async () => {
    const message = await composed()
    github.setMishaps(() => ({ act: 'answer', status: 403, done: false, headers: { 'retry-after': '30' }, body: { message: 'You have exceeded a secondary rate limit' } }))
    expect(await outcomeOf(message)).toMatchObject({ outcome: 'again', limited: true, retryAfterMs: 30_000 })
    github.setMishaps(() => null)
    github.setRemaining(0)
    const error = await outcomeOf(message)
    expect(error).toMatchObject({ outcome: 'again', limited: true, retryAfterMs: 3_600_000 })
  })

  test('an answer that was lost, or a 5xx, leaves it unknown; no connection does not', async () => {
    const message = await composed()
    github.setMishaps(() => ({ act: 'lost' }))
    expect(await outcomeOf(message)).toMatchObject({ outcome: 'unknown' })
    github.setMishaps(() => ({ act: 'answer', status: 502, done: true }))
    expect(await outcomeOf(message)).toMatchObject({ outcome: 'unknown' })
    expect(github.truth('owner/repo', sha)).toEqual({ 'buildbot/hello': 'success' })
    const gone = reporter({ baseURL: 'http://127.0.0.1:1' })
    expect(await send(message, gone).catch((error: unknown) => error)).toMatchObject({ outcome: 'again', message: expect.stringContaining('there was no connection') })
  })

  test('what never answers is given up with the signal', async () => {
    const message = await composed()
    github.setMishaps(() => ({ act: 'hold' }))
    const controller = new AbortController()
    const of = reporter()
    const sent = githubStatusDriver.send(message, of, sending(of, { clock, signal: controller.signal, secrets })).catch((error: unknown) => error)
    await until('it to be held', () => github.held() > 0)
    controller.abort(new Error('stopping'))
    expect(await sent).toMatchObject({ outcome: 'unknown' })
    github.release()
  })

  test('an Enterprise Server has its API below a path', async () => {
    const enterprise = await startFakeGithub({ prefix: '/api/v3' })
    enterprise.tokens.set('ghp_secret', { login: 'bot', right: 'write', app: null, repositories: null })
    enterprise.addRepository('owner/repo')
    const of = reporter({ baseURL: `${enterprise.url}/api/v3` })
    const [message] = await compose(testReport('finished'), of)
    expect(message?.target).toBe(`github ${new URL(enterprise.url).host}`)
    await send(message!, of)
    expect(enterprise.truth('owner/repo', sha)).toEqual({ 'buildbot/hello': 'success' })
    await enterprise.close()
  })

  test('a repository that was renamed is found where it is now', async () => {
    const message = await composed()
    github.addRepository('owner/new')
    github.setMishaps(({ path }) => (path.includes('/owner/repo/') ? { act: 'answer', status: 307, done: false, headers: { location: `${github.url}/repos/owner/new/statuses/${sha}` } } : null))
    await send(message)
    expect(github.truth('owner/new', sha)).toEqual({ 'buildbot/hello': 'success' })
  })
})
