import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json, Message } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { composing, sending, testGenerator, testReporter } from '../testing/compose.js'
import { failedReport } from '../testing/failed-report.js'
import { startSmtpServer } from '../testing/smtp.js'
import type { FakeSmtpServer, SmtpOptions } from '../testing/smtp.js'
import { mailDriver } from './mail.js'

const clock = systemClock()
const servers: FakeSmtpServer[] = []
afterEach(async () => { for (const server of servers.splice(0)) await server.stop() })

async function start(options: SmtpOptions = {}): Promise<FakeSmtpServer> {
  const server = await startSmtpServer(options)
  servers.push(server)
  return server
}

const reporterFor = ({ port }: { port: number }, options: Parameters<typeof testReporter>[1] = {}) =>
  testReporter('mail', { fromaddr: 'Yard <yard@example.org>', relayhost: '127.0.0.1', smtpPort: port, sendToInterestedUsers: true, extraRecipients: ['team@example.org'], ...options })

async function compose(reporter: ReturnType<typeof reporterFor>, report = failedReport()): Promise<Message> {
  const [message] = await mailDriver.compose(report, reporter, composing(report, { generator: testGenerator('buildStatus', { mode: ['failing'] }) }))
  if (!message) throw new Error('nothing to be told')
  return message
}

const send = (message: Message, reporter: ReturnType<typeof reporterFor>, { signal = new AbortController().signal, secrets = {} }: { signal?: AbortSignal; secrets?: { [name: string]: string } } = {}) =>
  mailDriver.send(message, reporter, sending(reporter, { clock, signal, secrets }))

test('a failed build is told to its owners, and in copy to the lists, in text and HTML', async () => {
  const server = await start()
  const reporter = reporterFor(server, { extraHeaders: { 'X-Team': 'core\r\nBcc: evil@example.org' } })
  const message = await compose(reporter)
  expect(message).toMatchObject({ target: `mail 127.0.0.1:${server.port}`, delivery: 'message', subject: 'builder linux to anna@example.org team@example.org' })
  const sent = await send(message, reporter)
  const [parsed] = await server.parsed()
  expect(server.mails[0]).toMatchObject({ from: 'yard@example.org', to: ['anna@example.org', 'team@example.org'], secure: false, user: null })
  expect(parsed?.subject).toBe('☠ Yardmaster (Hello): linux - failed test (failure) (main)')
  expect(parsed?.text).toContain('A failed build has been detected on builder linux (build #12) while building hello.')
  expect(parsed?.text).toContain('Blamelist: Anna <anna@example.org>')
  expect(parsed?.html).toContain('Anna &lt;anna@example.org&gt;')
  expect(parsed?.headers.get('x-team')).toBe('core Bcc: evil@example.org')
  expect(parsed?.headers.get('auto-submitted')).toBe('auto-generated')
  expect(parsed?.messageId).toBe(sent.reference)
  expect(sent.detail).toContain('queued as 1')
})

test('one happening has one Message-ID, however often it is told, and a series of bad builds is a thread', async () => {
  const reporter = reporterFor({ port: 25 })
  const idOf = (message: Message) => (message.payload as { messageId: string }).messageId
  const first = await compose(reporter)
  expect(idOf(await compose(reporter))).toBe(idOf(first))
  const bad = { buildid: 900, number: 12, results: 2 as const, complete_at: 1_060, url: 'https://yard.example.org/#/builders/3/builds/12' }
  const next = await compose(reporter, failedReport({ previous: bad, build: { ...failedReport().build!, number: 13, url: 'https://yard.example.org/#/builders/3/builds/13' } }))
  expect(idOf(next)).not.toBe(idOf(first))
  expect((next.payload as { inReplyTo: string }).inReplyTo).toBe(idOf(first))
})

test('line breaks in what others wrote make no headers, and what is no address gets no mail', async () => {
  const server = await start()
  const reporter = reporterFor(server)
  const owners = ['Eve\r\nBcc: x@example.org <eve@example.org>', 'nobody', 'a b@example.org', 'Bo "B" <bo@example.org>']
  const report = failedReport({ owners, build: { ...failedReport().build!, state_string: 'failed\r\nBcc: y@example.org' } })
  await send(await compose(reporter, report), reporter)
  expect(server.mails[0]?.to).toEqual(['bo@example.org', 'team@example.org'])
  const [parsed] = await server.parsed()
  expect(parsed?.bcc).toBeUndefined()
  expect(parsed?.subject).toContain('failed Bcc: y@example.org')
})

test('who is refused for now gets it later by itself, those who have it do not get it again', async () => {
  const server = await start()
  const reporter = reporterFor(server, { extraRecipients: ['full@example.org', 'gone@example.org'] })
  server.behave({ recipient: address => (address.startsWith('full') ? { code: 452, text: '4.2.2 mailbox full' } : address.startsWith('gone') ? { code: 550, text: '5.1.1 no such user' } : null) })
  const sent = await send(await compose(reporter), reporter)
  expect(server.mails.map(({ to }) => to)).toEqual([['anna@example.org']])
  expect(sent.detail).toContain('refused: gone@example.org')
  expect(sent.rest).toHaveLength(1)
  const rest = sent.rest?.[0]
  if (!rest) throw new Error('no rest')
  expect(rest.subject).toMatch(/: full@example.org$/)
  await expect(send(rest, reporter)).rejects.toMatchObject({ outcome: 'again' })
  server.behave({})
  await send(rest, reporter)
  expect(server.mails.map(({ to }) => to)).toEqual([['anna@example.org'], ['full@example.org']])
  expect((await server.parsed()).map(({ messageId }) => messageId)).toEqual([sent.reference, sent.reference])
})

test('greylisting is tried again, an unknown user is refused', async () => {
  const server = await start()
  const reporter = reporterFor(server, { extraRecipients: [] })
  const message = await compose(reporter)
  server.behave({ recipient: () => ({ code: 451, text: '4.7.1 greylisted' }) })
  await expect(send(message, reporter)).rejects.toMatchObject({ outcome: 'again', message: expect.stringContaining('greylisted') as string })
  server.behave({ recipient: () => ({ code: 550, text: '5.1.1 no such user' }) })
  await expect(send(message, reporter)).rejects.toMatchObject({ outcome: 'refused' })
  server.behave({ content: () => ({ code: 554, text: '5.7.1 spam' }) })
  await expect(send(message, reporter)).rejects.toMatchObject({ outcome: 'refused' })
  server.behave({ content: () => ({ code: 421, text: '4.3.2 closing' }) })
  await expect(send(message, reporter)).rejects.toMatchObject({ outcome: 'again', limited: true })
  expect(server.mails).toHaveLength(0)
})

test('a connection that is cut once the content is there leaves it unknown, one that never was does not', async () => {
  const server = await start()
  const reporter = reporterFor(server)
  const message = await compose(reporter)
  server.behave({ content: () => 'cut' })
  await expect(send(message, reporter)).rejects.toMatchObject({ outcome: 'unknown' })
  expect(server.mails).toHaveLength(1)
  servers.splice(0)
  await server.stop()
  await expect(send(message, reporter)).rejects.toMatchObject({ outcome: 'again' })
})

test('a slow server is given up when the signal says so: unknown if it has the content', async () => {
  const server = await start()
  const reporter = reporterFor(server)
  const stop = new AbortController()
  server.behave({ content: () => { stop.abort(new Error('too long')); return new Promise(() => {}) } })
  await expect(send(await compose(reporter), reporter, { signal: stop.signal })).rejects.toMatchObject({ outcome: 'unknown' })
  await expect(send(await compose(reporter), reporter, { signal: stop.signal })).rejects.toMatchObject({ outcome: 'again' })
})

test('those interested are looked up by the configuration when the mail is sent, however long that takes; it is tried again where it fails', async () => {
  const server = await start()
  const reporter = reporterFor(server, { lookup: { $fn: 'lookup' } })
  const message = await compose(reporter, failedReport({ owners: ['anna', 'bo', 'nobody'] }))
  expect(message).toMatchObject({ subject: 'builder linux to anna bo nobody team@example.org', payload: { ask: ['anna', 'bo', 'nobody'], envelope: ['team@example.org'] } })
  const found: { [user: string]: Json } = { anna: 'anna@example.org', bo: ['bo@example.org', 'bo@example.com'], nobody: null }
  const looking = (answer: (user: Json | undefined) => Json) => mailDriver.send(message, reporter, { ...sending(reporter, { clock, signal: new AbortController().signal }), callPatiently: async (_fn, [user]) => answer(user) })
  await expect(looking(() => { throw new Error('the directory is away') })).rejects.toMatchObject({ outcome: 'again', message: expect.stringContaining('the directory is away') as string })
  await looking(user => found[String(user)] ?? null)
  expect(server.mails.map(({ to }) => to)).toEqual([['anna@example.org', 'bo@example.org', 'bo@example.com', 'team@example.org']])
  expect((await server.parsed())[0]?.cc).toMatchObject({ text: 'team@example.org' })
})

test('a missing worker is told to those it names alone', async () => {
  const report = failedReport({ event: 'worker.missing', build: null, builder: null, request: null, buildset: null, worker: { workerid: 4, name: 'w1', last_connection: 'Mon Nov 23 2026', info: { admin: 'Ops <ops@example.org>' }, notify: ['admin@example.org'] } })
  const message = await compose(reporterFor({ port: 25 }), report)
  expect(message).toMatchObject({ summary: 'Yardmaster Hello worker w1 missing', payload: { envelope: ['admin@example.org'], text: expect.stringContaining('The worker named w1 went away. It was last connected at Mon Nov 23 2026.') as string } })
})

describe.runIf(spawnSync('openssl', ['version']).status === 0)('over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'yard-mail-'))
  const pem = (name: string): string => readFileSync(join(folder, name), 'utf8')
  const user = { name: 'yard', password: 'geheim-77' }
  beforeAll(() => {
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=mail', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', 'key.pem', '-out', 'cert.pem'], { cwd: folder, encoding: 'utf8' })
    if (made.status !== 0) throw new Error(made.stderr)
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const credentials = { smtpUser: 'yard', smtpPassword: { $secret: 'smtp' } }

  test.each(['smtps', 'starttls'] as const)('%s, signed in', async tls => {
    const server = await start({ tls, key: pem('key.pem'), cert: pem('cert.pem'), user })
    const reporter = reporterFor(server, { ...credentials, useSmtps: tls === 'smtps', ca: pem('cert.pem') })
    await send(await compose(reporter), reporter, { secrets: { smtp: user.password } })
    expect(server.mails[0]).toMatchObject({ secure: true, user: 'yard' })
  })

  test('a certificate of nobody known, a server without TLS and a wrong password keep the mail waiting; no error holds the password', async () => {
    const server = await start({ tls: 'starttls', key: pem('key.pem'), cert: pem('cert.pem'), user })
    const stranger = reporterFor(server, credentials)
    await expect(send(await compose(stranger), stranger, { secrets: { smtp: user.password } })).rejects.toMatchObject({ outcome: 'again' })
    const known = reporterFor(server, { ...credentials, ca: pem('cert.pem') })
    const error = await send(await compose(known), known, { secrets: { smtp: 'falsch-88' } }).catch((failure: unknown) => failure)
    expect(error).toMatchObject({ outcome: 'again', limited: true })
    expect(String(error)).not.toContain('falsch-88')
    const open = await start()
    const plain = reporterFor(open, credentials)
    await expect(send(await compose(plain), plain, { secrets: { smtp: user.password } })).rejects.toMatchObject({ outcome: 'again' })
    expect([...server.mails, ...open.mails]).toHaveLength(0)
  })
})
