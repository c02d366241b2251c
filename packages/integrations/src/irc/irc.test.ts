import type { Message, Renderable } from '@yardmaster/domain'
import { manualClock, systemClock } from '@yardmaster/runtime'
import { afterEach, expect, test } from 'vitest'
import { until } from '../../../../test/kit/until.js'
import { composing, sending, testGenerator, testReporter } from '../testing/compose.js'
import { failedBuild, failedReport } from '../testing/failed-report.js'
import { startIrcServer } from '../testing/irc.js'
import type { IrcServerOptions } from '../testing/irc.js'
import { ircDriver } from './irc.js'
import { ircSessions } from './irc-sessions.js'

const clock = systemClock()
const { signal } = new AbortController()
const servers: Awaited<ReturnType<typeof startIrcServer>>[] = []
afterEach(async () => { for (const server of servers.splice(0)) await server.stop() })

async function start(options: IrcServerOptions = {}) {
  const server = await startIrcServer(options)
  servers.push(server)
  return server
}

const reporterFor = ({ port }: { port: number }, options: { [option: string]: Renderable } = {}) =>
  testReporter('irc', { host: '127.0.0.1', port, nick: 'yard', channels: [{ channel: '#builds', password: null }], pmToNicks: [], password: null, useSsl: false, useSasl: false, verify: true, notifyEvents: null, noticeOnChannel: false, useColors: true, showBlameList: false, ...options })

const compose = (reporter: ReturnType<typeof reporterFor>, report = failedReport()): Promise<Message[]> =>
  ircDriver.compose(report, reporter, composing(report, { generator: testGenerator('buildStatus') }))
async function only(reporter: ReturnType<typeof reporterFor>, report = failedReport()): Promise<Message> {
  const [message] = await compose(reporter, report)
  if (!message) throw new Error('nothing to be told')
  return message
}
const send = (message: Message, reporter: ReturnType<typeof reporterFor>, secrets: { [name: string]: string } = {}) => ircDriver.send(message, reporter, sending(reporter, { clock, signal, secrets }))

test('a line in the channel, in colour, on a connection that stays; another nick where the first is in use', async () => {
  const server = await start()
  const reporter = reporterFor(server, { showBlameList: true })
  const message = await only(reporter)
  expect(message).toMatchObject({ target: 'irc 127.0.0.1 #builds', subject: 'builder linux', delivery: 'message' })
  await send(message, reporter)
  await send(message, reporter)
  expect(server.connections()).toBe(1)
  expect(server.said[0]).toEqual({ from: 'yard', to: '#builds', command: 'PRIVMSG', text: 'Build #12 of linux \u000304failed\u000F (success before): failed test (failure) - https://yard.example.org/#/builders/3/builds/12 [Anna <anna@example.org>]' })
  const other = reporterFor(server, { noticeOnChannel: true, useSasl: false, verify: false })
  await send(await only(other), other)
  expect(server.said.at(-1)).toMatchObject({ from: 'yard_', command: 'NOTICE' })
})

test('each channel and each person is told by a message of its own', async () => {
  const server = await start({ keys: { '#ops': 'sesam' } })
  const reporter = reporterFor(server, { channels: [{ channel: '#builds', password: null }, { channel: '#ops', password: { $secret: 'ops' } }], pmToNicks: ['bo'] })
  const [builds, ops, bo] = await compose(reporter)
  if (!builds || !ops || !bo) throw new Error('three expected')
  await expect(send(ops, reporter, { ops: 'falsch' })).rejects.toMatchObject({ outcome: 'again', message: expect.stringContaining('Cannot join channel (+k)') as string })
  await send(ops, reporter, { ops: 'sesam' })
  await expect(send(bo, reporter, { ops: 'sesam' })).rejects.toMatchObject({ outcome: 'again', message: expect.stringContaining('No such nick') as string })
  expect(server.said.map(({ to }) => to)).toEqual(['#ops'])
})

test('SASL, and no password in errors', async () => {
  const server = await start({ accounts: { yard: 'geheim-1' } })
  const reporter = reporterFor(server, { useSasl: true, password: { $secret: 'irc' } })
  const message = await only(reporter)
  const error = await send(message, reporter, { irc: 'falsch-2' }).catch((failure: unknown) => failure)
  expect(error).toMatchObject({ outcome: 'again', limited: true })
  expect(String(error)).not.toContain('falsch-2')
  await send(message, reporter, { irc: 'geheim-1' })
  expect(server.account('yard')).toBe('yard')
  const open = await start()
  await expect(send(message, reporterFor(open, { useSasl: true, password: 'x' }))).rejects.toMatchObject({ outcome: 'again', message: expect.stringContaining('SASL failed: capability_missing') as string })
  const guarded = await start({ password: 'haus' })
  await expect(send(message, reporterFor(guarded, { password: 'hof' }))).rejects.toMatchObject({ outcome: 'again', limited: true })
  await send(message, reporterFor(guarded, { password: 'haus' }))
})

test('a connection that breaks once something was said leaves it unknown; before that it is said again on another', async () => {
  const server = await start()
  const reporter = reporterFor(server)
  const message = await only(reporter)
  await send(message, reporter)
  server.faults.cutAfterNextLine = true
  await expect(send(message, reporter)).rejects.toMatchObject({ outcome: 'unknown' })
  expect(server.said).toHaveLength(2)
  await send(message, reporter)
  expect(server.said).toHaveLength(3)
  servers.splice(0)
  await server.stop()
  await expect(send(message, reporter)).rejects.toMatchObject({ outcome: expect.stringMatching(/again|unknown/) as string })
  await expect(send(message, reporter)).rejects.toMatchObject({ outcome: 'again' })
})

test('who was kicked comes back for the next message, and a moderated channel keeps it waiting', async () => {
  const server = await start()
  const reporter = reporterFor(server)
  const message = await only(reporter)
  await send(message, reporter)
  server.kick('yard', '#builds')
  // The kick may come after the next message was on its way, which then was not taken.
  await send(message, reporter).catch(() => send(message, reporter))
  expect(server.said).toHaveLength(2)
  server.moderated.add('#builds')
  await expect(send(message, reporter)).rejects.toMatchObject({ outcome: 'again' })
})

test('nothing is heard: it is unknown after a while, and the connection is given up', async () => {
  const server = await start()
  const stop = new AbortController()
  const reporter = reporterFor(server)
  const message = await only(reporter)
  server.faults.swallowPings = true
  const sent = ircDriver.send(message, reporter, sending(reporter, { clock, signal: stop.signal }))
  const outcome = sent.catch((error: unknown) => error)
  await until('something to be said', () => server.said.length > 0)
  stop.abort(new Error('too long'))
  expect(await outcome).toMatchObject({ outcome: 'unknown' })
  server.faults.swallowPings = false
  await send(message, reporter)
  expect(server.connections()).toBe(2)
})

test('many lines are said no faster than a server bears', async () => {
  const server = await start({ flood: 5 })
  const paced = manualClock()
  const sessions = ircSessions()
  const account = { host: '127.0.0.1', port: server.port, nick: 'yard', password: null, sasl: false, tls: false, verify: true }
  const lines = ['1', '2', '3', '4', '5', '6'].map(line => `line ${line}`)
  let outcome: unknown = null
  const said = sessions.say(account, { place: { name: '#builds', password: null }, lines, notice: false }, { clock: paced, signal })
  void said.then(() => { outcome = 'taken' }, (error: unknown) => { outcome = error })
  await until('four to be said', () => server.said.length >= 4)
  expect(server.said.map(({ text }) => text)).toEqual(lines.slice(0, 4))
  server.said.splice(0)
  server.refill()
  while (outcome === null) { await paced.advance(1_000); await clock.sleep(5) }
  expect(outcome).toBe('taken')
  expect(server.said.map(({ text }) => text)).toEqual(lines.slice(4))
  await sessions.quit()
})

test.each([
  [['problem'], { results: 2, before: 0 }, true], [['problem'], { results: 2, before: 2 }, false], [['recovery'], { results: 0, before: 2 }, true], [['recovery'], { results: 0, before: 0 }, false],
  [['worse'], { results: 1, before: 0 }, true], [['better'], { results: 1, before: 2 }, true], [['successToFailure'], { results: 2, before: 0 }, true], [['failureToSuccess'], { results: 2, before: 0 }, false],
  [['failure'], { results: 2, before: 2 }, true], [['finished'], { results: 6, before: 0 }, true], [['started'], { results: 2, before: 0 }, false],
] as const)('notifyEvents %j, %j: %s', async (events, { before, results }, told) => {
  const report = failedReport({ build: failedBuild({ results }), previous: { buildid: 1, number: 11, results: before, complete_at: 1, url: 'https://yard.example.org/' } })
  expect(await compose(reporterFor({ port: 1 }, { notifyEvents: [...events] }), report)).toHaveLength(told ? 1 : 0)
})
