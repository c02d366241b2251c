import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkConfiguration } from '@yardmaster/config/host'

const base = mkdtempSync(join(tmpdir(), 'yard-chat-reporters-'))
afterAll(() => rmSync(base, { recursive: true }))
let count = 0
const timer = (fn: () => void, ms: number) => { const timeout = setTimeout(fn, ms); return () => clearTimeout(timeout) }

async function check(services: string) {
  const folder = join(base, String(++count))
  mkdirSync(folder)
  writeFileSync(join(folder, 'yard.config.ts'), `import { defineConfig, reporters, steps, util, workers } from '@yardmaster/config'
export default defineConfig({ workers: [workers.worker({ name: 'w1', password: 'p' })], builders: [{ name: 'b', workers: ['w1'], steps: [steps.shell({ command: 'true' })] }], services: [${services}] })`)
  return checkConfiguration(join(folder, 'yard.config.ts'), timer)
}

test('mail and chat are read with their defaults', async () => {
  const outcome = await check(`
    reporters.mail({ fromaddr: 'Yard <yard@example.org>', extraRecipients: ['team@example.org'], groups: [{ builders: 'b', to: 'b@example.org' }], lookup: user => user + '@example.org', smtpUser: 'yard', smtpPassword: util.secret('smtp') }),
    reporters.slack({ token: util.secret('slack'), channel: '#builds', thread: true }),
    reporters.discord({ webhook: util.secret('discord') }),
    reporters.irc({ host: 'irc.example.org', nick: 'yard', channels: ['#builds', { channel: '#ops', password: util.secret('ops') }], useSsl: true, notifyEvents: ['problem', 'worker', 'successToFailure'] }),
  `)
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.errors))
  expect(outcome.configuration.reporters).toMatchObject([
    { name: 'mail team@example.org', onUnknown: 'stop', generators: [{ kind: 'buildStatus', mode: ['failing', 'passing', 'warnings'], addPatch: true }, { kind: 'workerMissing' }, { kind: 'poolAlert' }], options: { relayhost: 'localhost', smtpPort: 25, useTls: null, sendToInterestedUsers: true, groups: [{ builders: ['b'], tags: null, to: ['b@example.org'] }], smtpPassword: { $secret: 'smtp' } } },
    { name: 'slack #builds', options: { thread: true, update: false, webhook: null } },
    { name: 'discord', options: { webhook: { $secret: 'discord' } } },
    { name: 'irc irc.example.org #builds #ops', generators: [{ kind: 'buildStatus', mode: [], reportNew: true }, { kind: 'workerMissing' }], options: { port: 6697, channels: [{ channel: '#builds', password: null }, { channel: '#ops' }] } },
  ])
})

test.each([
  ["reporters.mail({ fromaddr: 'nobody' })", 'fromaddr'],
  ["reporters.mail({ fromaddr: 'a@b.org', extraRecipients: ['x@y.org', 'all of them'] })", 'extraRecipients'],
  ["reporters.mail({ fromaddr: 'a@b.org', extraHeaders: { Bcc: 'x@y.org' } })", 'extraHeaders'],
  ["reporters.mail({ fromaddr: 'a@b.org', extraHeaders: { 'X-A\\r\\nBcc': 'x@y.org' } })", 'extraHeaders'],
  ["reporters.mail({ fromaddr: 'a@b.org', smtpUser: 'a' })", 'smtpUser'],
  ["reporters.mail({ fromaddr: 'a@b.org', lookup: 'no domain' })", 'lookup'],
  ["reporters.mail({ fromaddr: 'a@b.org', groups: [{ to: 'x@y.org' }] })", 'groups'],
  ["reporters.slack({ channel: '#builds' })", 'webhook'],
  ["reporters.slack({ token: util.secret('t') })", 'channel'],
  ["reporters.slack({ webhook: util.secret('t'), update: true })", 'update'],
  ["reporters.irc({ host: 'h', nick: 'a b', channels: ['#c'] })", 'nick'],
  ["reporters.irc({ host: 'h', nick: 'a', channels: ['c'] })", 'channel'],
  ["reporters.irc({ host: 'h', nick: 'a', channels: ['#c'], notifyEvents: ['never' as 'problem'] })", 'notifyEvents'],
])('%s is refused: %s', async (services, word) => {
  const outcome = await check(services)
  expect(outcome.ok ? 'taken' : JSON.stringify(outcome.errors)).toContain(word)
})

test('a password that is written in the configuration is warned of', async () => {
  const outcome = await check("reporters.mail({ fromaddr: 'a@b.org', smtpUser: 'a', smtpPassword: 'p' }), reporters.discord({ webhook: 'https://discord.com/api/webhooks/1/x' })")
  expect(outcome.ok && outcome.warnings.map(({ message }) => message).filter(message => message.includes('util.secret'))).toHaveLength(2)
})
