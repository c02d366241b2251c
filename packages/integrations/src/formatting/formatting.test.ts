import type { Report } from '@yardmaster/domain'
import { expect, test } from 'vitest'
import { failedBuild, failedReport } from '../testing/failed-report.js'
import { momentOf } from './about.js'
import { chatOf } from './chat.js'
import { htmlOf } from './html.js'
import { discordMarkdown, fenced, slackMarkdown, spans } from './markdown.js'
import { storyOf } from './other-stories.js'
import { plainOf } from './plain.js'
import { cut } from './story.js'
import { detected, outcome } from './words.js'

const mode = { mode: ['change' as const] }
const nasty = '<script>alert("x")</script> & [a](javascript:b)'

test("Buildbot's words for what has been detected", () => {
  expect(detected(['change'], 2, 0)).toBe('new failure')
  expect(detected(['failing'], 2, 0)).toBe('failed build')
  expect(detected(['problem'], 2, 2)).toBe('failed build')
  expect(detected(['change'], 0, 2)).toBe('restored build')
  expect(detected(['passing'], 0, 2)).toBe('passing build')
  expect(detected([], 1, null)).toBe('problem in the build')
  expect(detected([], 4, null)).toBe('build exception')
  expect(detected([], 6, null)).toBe('cancelled build')
  expect(outcome(0, 2)).toBe('build successful (failed before)')
  expect(outcome(0, null)).toBe('build successful')
})

test('a mail tells what failed, the end of its log, who is to blame, and where to look', () => {
  const text = plainOf(storyOf(failedReport({ tails: { 'test.stdio': 'one\ntwo\nerror: three\n' } }), mode))
  for (const part of ['A new failure has been detected on builder linux', 'https://yard.example.org/#/builders/3/builds/12', 'Build state: failed test (failure)', 'Worker: w1', 'Blamelist: Anna <anna@example.org>', '- 1: test (failure: ', 'stdio: https://', '    error: three', 'Change: 3f2a91c0']) expect(text).toContain(part)
})

test('HTML escapes whatever came from outside, and links to nothing but http', () => {
  const report = failedReport({
    title: nasty, owners: [nasty], builder: { builderid: 3, name: nasty, tags: [], project: null, description: null, url: 'javascript:alert(1)' },
    build: failedBuild({ state_string: nasty, worker: nasty }), tails: { 'test.stdio': nasty },
  })
  const html = htmlOf(storyOf(report, mode))
  expect(html).not.toContain('<script')
  expect(html).not.toContain('href="javascript')
  expect(html).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;')
})

test('in chats nobody is called, no link is faked and no block is left by what somebody wrote', () => {
  expect(spans([{ text: '<!channel> <@U1> a|b', url: 'https://x.org/' }], slackMarkdown)).toBe('<https://x.org/|&lt;!channel&gt; &lt;@U1&gt; a¦b>')
  expect(spans([{ text: '[a](https://evil.org)' }], discordMarkdown)).toBe(String.raw`\[a\]\(https\://evil.org\)`)
  expect(spans([{ text: 'x', url: 'https://x.org/> <https://evil.org' }], discordMarkdown)).toBe('x')
  expect(fenced('a\n```\nb').match(/```/g)).toHaveLength(2)
  const story = storyOf(failedReport({ tails: { 'test.stdio': `<!channel> & ${'<@U1>'.repeat(400)}` } }), mode)
  const [tail = ''] = chatOf({ story, subject: story.subject, body: null, extra: {} }, slackMarkdown).tails
  expect(tail).toContain('&lt;!channel&gt; &amp; &lt;@U1&gt;')
  expect(tail.endsWith('\n```')).toBe(true)
  expect(tail.length).toBeLessThan(2_900)
})

test('line breaks and control characters do not reach a subject', () => {
  const { subject } = storyOf(failedReport({ title: 'a\r\nBcc: x@y.org', builder: { ...failedReport().builder!, name: 'b\u0000\u2028c' } }), mode)
  expect(subject).toBe('☠ Yardmaster (a Bcc: x@y.org): b c - failed test (failure) (main)')
})

test('each happening has a moment of its own', () => {
  const step = (number: number) => ({ ...failedReport().build!, steps: failedReport().build!.steps.map(one => ({ ...one, number })) })
  const worker: Report['worker'] = { workerid: 1, name: 'w1', last_connection: 'now', info: {}, notify: [] }
  const reports = [
    failedReport(), failedReport({ event: 'started' }), failedReport({ event: 'step.finished', build: step(1) }), failedReport({ event: 'step.finished', build: step(2) }), failedReport({ event: 'buildset.finished', build: null, request: null }),
    failedReport({ event: 'requested', build: null }), failedReport({ event: 'worker.missing', build: null, request: null, worker, at: 5 }), failedReport({ event: 'worker.missing', build: null, request: null, worker, at: 6 }),
  ]
  expect(new Set(reports.map(momentOf)).size).toBe(reports.length)
})

test('what is cut is no half of a character', () => expect(cut('ab😀cd', 4)).toBe('ab…'))
