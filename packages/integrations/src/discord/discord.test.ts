import type { Json, Message } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { composing, sending, testGenerator, testReporter } from '../testing/compose.js'
import { startFakeDiscord } from '../testing/discord.js'
import { failedReport } from '../testing/failed-report.js'
import { discordDriver } from './discord.js'

const clock = systemClock()
const { signal } = new AbortController()
let discord: Awaited<ReturnType<typeof startFakeDiscord>>
beforeEach(async () => { discord = await startFakeDiscord() })
afterEach(() => discord.close())

const reporterOf = (options: { [option: string]: Json } = {}) => testReporter('discord', { webhook: { $secret: 'hook' }, username: 'Yard', avatarUrl: null, threadId: null, update: false, ...options }, 'discord')

async function compose(reporter: ReturnType<typeof reporterOf>, report = failedReport()): Promise<Message> {
  const [message] = await discordDriver.compose(report, reporter, composing(report, { generator: testGenerator('buildStatus') }))
  if (!message) throw new Error('nothing to be told')
  return message
}
const send = (message: Message, reporter: ReturnType<typeof reporterOf>, lastReference: string | null = null) =>
  discordDriver.send(message, reporter, sending(reporter, { clock, signal, lastReference, secrets: { hook: discord.webhook } }))

test('an embed with the colour of the result, escaped, calling nobody', async () => {
  const message = await compose(reporterOf(), failedReport({ owners: ['@everyone **x**'] }))
  expect(await send(message, reporterOf())).toEqual({ detail: 'HTTP 200', reference: '1100' })
  expect(discord.messages[0]?.body).toMatchObject({
    username: 'Yard', allowed_mentions: { parse: [] },
    embeds: [{ color: 0xc9302c, url: 'https://yard.example.org/#/builders/3/builds/12', description: expect.stringContaining(String.raw`\@everyone \*\*x\*\*`) as string }],
  })
})

test('what is far too long is cut to what Discord takes', async () => {
  const report = failedReport({ title: 'x'.repeat(500), owners: Array.from({ length: 500 }, (_, index) => `user-${index}@example.org`), tails: { 'test.stdio': 'y'.repeat(10_000) } })
  await send(await compose(reporterOf(), report), reporterOf())
  expect(discord.messages).toHaveLength(1)
})

test('errors, and no URL of the webhook in them', async () => {
  const message = await compose(reporterOf())
  discord.setMishaps(() => ({ act: 'answer', status: 429, done: false, headers: { 'retry-after': '3' }, body: { message: 'You are being rate limited.', retry_after: 2.6, global: false } }))
  await expect(send(message, reporterOf())).rejects.toMatchObject({ outcome: 'again', limited: true, retryAfterMs: 3_000 })
  discord.setMishaps(() => ({ act: 'answer', status: 404, done: false, body: { message: 'Unknown Webhook', code: 10_015 } }))
  const refused = await send(message, reporterOf()).catch((failure: unknown) => failure)
  expect(refused).toMatchObject({ outcome: 'refused' })
  discord.setMishaps(() => ({ act: 'lost' }))
  const lost = await send(message, reporterOf()).catch((failure: unknown) => failure)
  expect(lost).toMatchObject({ outcome: 'unknown' })
  expect(`${String(refused)} ${String(lost)}`).not.toContain('geheim')
})

test('with update the message of the build becomes what is newest', async () => {
  const reporter = reporterOf({ update: true })
  const { reference } = await send(await compose(reporter, failedReport({ event: 'started' })), reporter)
  discord.setMishaps(() => ({ act: 'lost' }))
  await expect(send(await compose(reporter), reporter, reference ?? null)).rejects.toMatchObject({ outcome: 'again' })
  discord.setMishaps(() => null)
  await send(await compose(reporter), reporter, reference ?? null)
  expect(discord.messages.map(({ edits }) => edits)).toEqual([2])
})
