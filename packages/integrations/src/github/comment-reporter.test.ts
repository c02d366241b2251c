import { FAILURE, SUCCESS, type Message, type Report, type ReporterConfig } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { composing, sending, testGenerator, testReport, testReporter, testStamp } from '../testing/compose.js'
import { startFakeGithub, type FakeGithub } from '../testing/github.js'
import { githubCommentDriver } from './comment-reporter.js'

const clock = systemClock()
let github: FakeGithub
beforeEach(async () => {
  github = await startFakeGithub()
  github.tokens.set('ghp_secret', { login: 'bot', right: 'write', app: null, repositories: null })
  github.addRepository('owner/repo')
  github.addPull('owner/repo', { number: 34 })
})
afterEach(() => github.close())

const reporter = (more: ReporterConfig['options'] = {}): ReporterConfig =>
  testReporter('githubComment', { token: { $secret: 'token' }, app: null, baseURL: github.url, verify: true, ca: null, mode: 'edit', startDescription: null, endDescription: null, ...more }, 'on pulls')
const compose = (report: Report, of = reporter(), options: Parameters<typeof composing>[1] = {}): Promise<Message[]> => githubCommentDriver.compose(report, of, composing(report, options))
const send = (message: Message | undefined, of = reporter()) => githubCommentDriver.send(message!, of, sending(of, { clock, signal: new AbortController().signal, secrets: { token: 'ghp_secret' } }))
const comments = () => github.repositories.get('owner/repo')?.comments.get(34) ?? []
const pull = { sourcestamps: [testStamp({ branch: 'refs/pull/34/head' })] }

function buildset(results: (0 | 2)[]): Report {
  const build = testReport('finished').build!
  return {
    ...testReport('buildset.finished', pull), builder: null, request: null,
    builds: results.map((result, index) => ({ ...build, number: index + 1, results: result, state_string: result === FAILURE ? 'failed tests [a_b]' : '', builder: `b${index}`, tags: [], previous: null })),
  }
}

test('one comment of a pull request says what its newest buildset came to', async () => {
  const [first] = await compose(buildset([SUCCESS, FAILURE]))
  expect(first).toMatchObject({ subject: 'owner/repo#34 on pulls', delivery: 'status' })
  await send(first)
  const [second] = await compose(buildset([SUCCESS, SUCCESS]))
  await send(second)
  expect(comments()).toMatchObject([{ user: 'bot', body: '<!-- yardmaster: on pulls -->\n- [b0 #1](http://yard.example.org/builders/1/builds/7): **success**\n- [b1 #2](http://yard.example.org/builders/1/builds/7): **success**' }])
  await send(first)
  expect(comments()).toHaveLength(1)
  expect(comments()[0]?.body).toContain(String.raw`**failure** failed tests \[a\_b\]`)
})

test('an answer that was lost makes no second comment, on whichever page the first is', async () => {
  for (let count = 0; count < 130; count++) github.repositories.get('owner/repo')?.comments.set(34, [...comments(), { id: 10_000 + count, body: 'me too', user: 'somebody' }])
  const [message] = await compose(buildset([SUCCESS]))
  github.setMishaps(({ method }) => (method === 'POST' ? { act: 'lost' } : null))
  await expect(send(message)).rejects.toMatchObject({ outcome: 'unknown' })
  github.setMishaps(() => null)
  await send(message)
  expect(comments().filter(comment => comment.user === 'bot')).toHaveLength(1)
})

test('a build that is told of by itself has a comment of its builder', async () => {
  const [message] = await compose(testReport('finished', pull))
  expect(message).toMatchObject({ subject: 'owner/repo#34 on pulls hello', payload: { marker: '<!-- yardmaster: on pulls hello -->', body: '- [hello #7](http://yard.example.org/builders/1/builds/7): **success** finished' } })
  expect(await compose(testReport('started', pull))).toEqual([])
  expect(await compose(testReport('requested', pull))).toEqual([])
})

test('new comments each time are messages, which are never sent twice', async () => {
  const of = reporter({ mode: 'new', startDescription: 'Build started.', endDescription: 'Build done.' })
  const messages = [...await compose(testReport('started', pull), of), ...await compose(testReport('finished', pull), of)]
  expect(messages).toMatchObject([{ delivery: 'message', subject: 'owner/repo#34' }, { delivery: 'message', subject: 'owner/repo#34' }])
  for (const message of messages) expect(await send(message, of)).toMatchObject({ detail: 'HTTP 201', reference: expect.stringContaining('issuecomment') })
  expect(comments().map(comment => comment.body)).toEqual(['Build started.', 'Build done.'])
})

test('where there is no pull request nothing is said; a formatter\'s words are, or nothing at its wish', async () => {
  expect(await compose(testReport('finished'))).toEqual([])
  const functions = { words: () => 'my words', none: () => null }
  expect(await compose(testReport('finished', { extra: { branch: 'refs/pull/7/merge' } }), reporter(), { generator: testGenerator('buildStatus', { formatter: { $fn: 'words' } }), functions })).toMatchObject([{ payload: { number: 7, body: 'my words' } }])
  expect(await compose(testReport('finished', pull), reporter(), { generator: testGenerator('buildStatus', { formatter: { $fn: 'none' } }), functions })).toEqual([])
})
