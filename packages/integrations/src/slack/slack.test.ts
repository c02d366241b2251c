import type { Json, Message } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { composing, sending, testGenerator, testReporter } from '../testing/compose.js'
import { failedReport } from '../testing/failed-report.js'
import { startFakeSlack } from '../testing/slack.js'
import { slackDriver } from './slack.js'

const clock = systemClock()
const { signal } = new AbortController()
let slack: Awaited<ReturnType<typeof startFakeSlack>>
beforeEach(async () => { slack = await startFakeSlack() })
afterEach(() => slack.close())

const bot = (options: { [option: string]: Json } = {}) => testReporter('slack', { token: { $secret: 'slack' }, webhook: null, channel: '#builds', thread: false, update: false, baseUrl: slack.baseUrl, ...options })
const hook = () => testReporter('slack', { webhook: { $secret: 'hook' }, token: null, channel: null, thread: false, update: false, baseUrl: null })

async function compose(reporter: ReturnType<typeof bot>, report = failedReport()): Promise<Message> {
  const [message] = await slackDriver.compose(report, reporter, composing(report, { generator: testGenerator('buildStatus', { mode: ['change'] }) }))
  if (!message) throw new Error('nothing to be told')
  return message
}
const send = (message: Message, reporter: ReturnType<typeof bot>, { lastReference = null, token = 'xoxb-1' }: { lastReference?: string | null; token?: string } = {}) =>
  slackDriver.send(message, reporter, sending(reporter, { clock, signal, lastReference, secrets: { slack: token, hook: slack.webhook } }))

test('a message by a bot: a headline, a colour, what failed with links, nobody called by what somebody wrote', async () => {
  const report = failedReport({ owners: ['<!channel> & <Bo>'], tails: { 'test.stdio': 'cc a.c\n```\nerror: no such thing\n' } })
  const message = await compose(bot(), report)
  expect(message).toMatchObject({ target: 'slack #builds', subject: 'builder linux', delivery: 'message' })
  const sent = await send(message, bot())
  expect(sent.reference).toBe(`C01 ${slack.messages[0]?.ts}`)
  const shown = JSON.stringify(slack.messages[0]?.body)
  expect(shown).toContain('A new failure has been detected on builder <https://yard.example.org/#/builders/3|*linux*>')
  expect(shown).toContain('&lt;!channel&gt; &amp; &lt;Bo&gt;')
  expect(shown).toContain('error: no such thing')
  expect(shown).toContain('"color":"#c9302c"')
  expect(shown).not.toContain('<!channel>')
})

test('an incoming webhook, whose URL is in no error', async () => {
  const message = await compose(hook())
  expect(await send(message, hook())).toEqual({ detail: 'HTTP 200' })
  expect(slack.messages).toHaveLength(1)
  slack.setMishaps(() => ({ act: 'answer', status: 410, done: false, body: 'channel_is_archived' }))
  const error = await send(message, hook()).catch((failure: unknown) => failure)
  expect(error).toMatchObject({ outcome: 'refused' })
  slack.setMishaps(() => ({ act: 'lost' }))
  const lost = await send(message, hook()).catch((failure: unknown) => failure)
  expect(lost).toMatchObject({ outcome: 'unknown' })
  expect(`${String(error)} ${String(lost)}`).not.toContain('geheim')
})

test.each([
  [{ act: 'answer', status: 429, done: false, headers: { 'retry-after': '7' } } as const, { outcome: 'again', limited: true, retryAfterMs: 7_000 }],
  [{ act: 'answer', status: 200, done: true, body: { ok: false, error: 'internal_error' } } as const, { outcome: 'unknown' }],
  [{ act: 'answer', status: 200, done: false, body: { ok: false, error: 'is_archived' } } as const, { outcome: 'refused' }],
  [{ act: 'answer', status: 503, done: true } as const, { outcome: 'unknown' }],
  [{ act: 'lost' } as const, { outcome: 'unknown' }],
])('%j is %j', async (mishap, expected) => {
  slack.setMishaps(() => mishap)
  await expect(send(await compose(bot()), bot())).rejects.toMatchObject(expected)
})

test('a token that is not right, or a server that is not there, keep the message waiting', async () => {
  const message = await compose(bot())
  await expect(send(message, bot(), { token: 'xoxb-2' })).rejects.toMatchObject({ outcome: 'again', limited: true })
  await slack.close()
  await expect(send(message, bot())).rejects.toMatchObject({ outcome: 'again' })
  slack = await startFakeSlack()
})

test('with update a build has one message, which becomes what is newest; a lost answer is no harm then', async () => {
  const reporter = bot({ update: true })
  const started = await compose(reporter, failedReport({ event: 'started' }))
  expect(started.subject).toBe('builder linux #12')
  const { reference } = await send(started, reporter)
  const ended = await compose(reporter)
  slack.setMishaps(() => ({ act: 'lost' }))
  await expect(send(ended, reporter, { lastReference: reference ?? null })).rejects.toMatchObject({ outcome: 'again' })
  slack.setMishaps(() => null)
  expect(await send(ended, reporter, { lastReference: reference ?? null })).toMatchObject({ reference })
  expect(slack.messages).toHaveLength(1)
  expect(slack.messages[0]?.text).toContain('failed test')
})

test('with thread what comes later is in the thread of the first', async () => {
  const reporter = bot({ thread: true })
  const { reference } = await send(await compose(reporter, failedReport({ event: 'started' })), reporter)
  expect(await send(await compose(reporter), reporter, { lastReference: reference ?? null })).toMatchObject({ reference })
  expect(slack.messages.map(({ thread }) => thread)).toEqual([null, slack.messages[0]?.ts])
})

test("the configuration's own words", async () => {
  const report = failedReport()
  const words = (answer: Json) => slackDriver.compose(report, bot(), composing(report, { generator: testGenerator('buildStatus', { formatter: { $fn: 'f' } }), functions: { f: () => answer } }))
  const [plain] = await words('<b> & so')
  expect(JSON.stringify(plain?.payload)).toContain('&lt;b&gt; &amp; so')
  const [own] = await words({ subject: 'Own', body: '*bold*', type: 'markdown' })
  expect(own).toMatchObject({ summary: 'Own' })
  expect(JSON.stringify(own?.payload)).toContain('*bold*')
  expect(await words(null)).toEqual([])
  await expect(words({ body: '<p>', type: 'html' })).rejects.toThrow('HTML')
  await expect(words(7)).rejects.toThrow('a text, { subject, body, type } or null is expected')
})
