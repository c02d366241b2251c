import { startFakeDiscord, startFakeSlack, startIrcServer, startSmtpServer } from '@yardmaster/integrations/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const config = ({ mail, slack, irc }: { mail: number; slack: string; irc: number }) => `
import { defineConfig, providers, reporters, schedulers, changeHooks, steps, util, workers } from '@yardmaster/config'
const common = { fromaddr: 'Yard <yard@example.org>', relayhost: '127.0.0.1', smtpPort: ${mail}, sendToInterestedUsers: false }
const noMachines = { version: 1, create: async () => { throw Object.assign(new Error('the account has no credit'), { failureClass: 'alert' }) }, list: async () => ({ machines: [], leftovers: [] }), get: async () => null, remove: async () => 'gone' }
export default defineConfig({
  title: 'Story',
  workers: [
    workers.worker({ name: 'w1', password: 'pw' }),
    workers.worker({ name: 'late', password: 'pw', missingTimeout: '1s', notifyOnMissing: ['ops@example.org'] }),
    workers.pool({ name: 'farm', max: 1, provider: providers.custom({ functions: noMachines }) }),
  ],
  builders: [
    { name: 'app', workers: ['w1'], collapseRequests: false, steps: [steps.shell({ name: 'test', command: ['sh', '-c', util.interpolate('echo compiling; echo the answer is %(prop:code)s; exit %(prop:code)s')] })] },
    { name: 'other', workers: ['w1'], steps: [steps.shell({ command: ['false'] })] },
    { name: 'on-farm', workers: ['farm'], steps: [steps.shell({ command: ['true'] })] },
  ],
  changeHooks: [changeHooks.base()],
  schedulers: [schedulers.anyBranch({ name: 'app', builders: ['app'], changeFilter: util.changeFilter({ project: 'app' }) }), schedulers.force({ name: 'force', builders: ['on-farm', 'other'] })],
  services: [
    reporters.mail({ ...common, name: 'owners', sendToInterestedUsers: true, lookup: async user => (await fetch('data:,')).ok && user.replace(/.*</, '').replace('>', ''), groups: [{ builders: ['app'], to: ['team-app@example.org'] }, { builders: ['nothing'], to: ['nobody@example.org'] }],
      generators: [reporters.buildStatusGenerator({ builders: ['app'] }), reporters.workerMissingGenerator(), reporters.poolAlertGenerator()], extraRecipients: ['chief@example.org'] }),
    reporters.mail({ ...common, name: 'changes', extraRecipients: ['changes@example.org'], generators: [reporters.buildStatusGenerator({ mode: 'change', builders: ['app'], addLogs: true })] }),
    reporters.mail({ ...common, name: 'problems', extraRecipients: ['problems@example.org'], generators: [reporters.buildStatusGenerator({ mode: 'problem', builders: ['app'] })] }),
    reporters.slack({ token: util.secret('slack'), channel: '#builds', baseUrl: '${slack}', update: true, generators: [reporters.buildStatusGenerator({ mode: 'all', reportNew: true, builders: ['app'] })] }),
    reporters.discord({ webhook: util.secret('discord'), generators: [reporters.buildStatusGenerator({ mode: 'failing', builders: ['app'] })] }),
    reporters.irc({ host: '127.0.0.1', port: ${irc}, nick: 'yard', channels: ['#builds'], useColors: false, notifyEvents: ['problem', 'recovery'] }),
  ],
})`

let mail: Awaited<ReturnType<typeof startSmtpServer>>
let slack: Awaited<ReturnType<typeof startFakeSlack>>
let discord: Awaited<ReturnType<typeof startFakeDiscord>>
let irc: Awaited<ReturnType<typeof startIrcServer>>
let cluster: Cluster
beforeAll(async () => {
  [mail, slack, discord, irc] = await Promise.all([startSmtpServer(), startFakeSlack(), startFakeDiscord(), startIrcServer()])
  cluster = await startCluster({
    config: config({ mail: mail.port, slack: slack.baseUrl, irc: irc.port }), workers: ['w1'], schedulers: 2, env: { YARD_SECRET_SLACK: 'xoxb-1', YARD_SECRET_DISCORD: discord.webhook },
  })
})
afterAll(async () => {
  await cluster?.stop()
  await Promise.all([mail?.stop(), slack?.close(), discord?.close(), irc?.stop()])
})

let revisions = 0
/** A change of Anna's, whose build ends with this exit code; returns when that has ended. */
async function push(code: number, author = 'Anna <anna@example.org>'): Promise<void> {
  const revision = `r${++revisions}`
  const body = JSON.stringify({ author, comments: `change ${revision}`, files: ['a.c'], revision, branch: 'main', project: 'app', repository: 'https://git.example.org/app.git', properties: { code } })
  const answer = await fetch(`${cluster.url}change_hook/base`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  expect(answer.ok, await answer.text()).toBe(true)
  const started = revisions
  await soon(`build ${started} ended`, async () => (await cluster.rows('SELECT 1 FROM builds b JOIN builders u ON u.id = b.builder_id WHERE u.name = $1 AND b.complete_at IS NOT NULL', ['app'])).length >= started)
}

/** Nothing is left to be told. */
const quiet = () => soon('everything is told', async () =>
  (await cluster.rows<{ open: number }>("SELECT (SELECT count(*) FROM report_feed) + (SELECT count(*) FROM notifications WHERE state IN ('waiting', 'sending')) AS open"))[0]?.open === 0)

async function soon(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  await until(what, condition).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${JSON.stringify(await cluster.rows('SELECT reporter, target, subject, event, state, detail, attempts FROM notifications ORDER BY id'), null, 1)}\n${lastWords(cluster)}`)
  })
}

const mailsTo = (address: string) => mail.mails.filter(({ to }) => to.includes(address))
const subjectsTo = async (address: string) => (await mail.parsed()).filter((_mail, index) => mail.mails[index]?.to.includes(address)).map(({ subject }) => subject)

test('a series of builds is told once to owners and lists by mode, in chat by what changed, whichever of two schedulers sends', async () => {
  for (const code of [0, 1, 1, 0]) await push(code)
  await quiet()
  expect(mailsTo('anna@example.org')).toHaveLength(4)
  expect(mailsTo('team-app@example.org')).toHaveLength(4)
  expect(mailsTo('chief@example.org').length).toBeGreaterThanOrEqual(4)
  expect(mailsTo('nobody@example.org')).toEqual([])
  expect(await subjectsTo('anna@example.org')).toEqual([
    '☺ Yardmaster (Story): app - build successful (main)', '☠ Yardmaster (Story): app - failed test (failure) (main)', '☠ Yardmaster (Story): app - failed test (failure) (main)', '☺ Yardmaster (Story): app - build successful (failed before) (main)',
  ])
  expect(await subjectsTo('changes@example.org')).toEqual(['☠ Yardmaster (Story): app - failed test (failure) (main)', '☺ Yardmaster (Story): app - build successful (failed before) (main)'])
  expect(await subjectsTo('problems@example.org')).toHaveLength(1)
  const [, failed, again] = (await mail.parsed()).filter((_mail, index) => mail.mails[index]?.to.includes('anna@example.org'))
  expect(failed?.text).toContain('the answer is 1')
  expect(again?.inReplyTo).toBe(failed?.messageId)
  const [broken] = (await mail.parsed()).filter((_mail, index) => mail.mails[index]?.to.includes('changes@example.org'))
  expect(broken?.attachments.map(({ content, filename }) => [filename, String(content)])).toEqual([['test.stdio.txt', expect.stringContaining('the answer is 1')]])
  // Messages of different builds have no order among themselves.
  expect(slack.messages.map(({ edits, text }) => `${edits} ${text.split(' - ')[1]}`).toSorted()).toEqual(['1 build successful (failed before) (main)', '1 build successful (main)', '1 failed test (failure) (main)', '1 failed test (failure) (main)'])
  expect(discord.messages).toHaveLength(2)
  expect(irc.said.map(({ text }) => text.split(':')[0])).toEqual(['Build #2 of app failed (success before)', 'Build #4 of app completed successfully (failure before)'])
})

test('a missing worker is told to those it names, a pool that needs somebody to the lists', async () => {
  const [builder] = await cluster.rows<{ id: number }>('SELECT id FROM builders WHERE name = $1', ['on-farm'])
  await cluster.client.control('forceschedulers/force', 'force', { builderid: builder!.id, reason: 'machines' })
  await soon('both told', () => mailsTo('ops@example.org').length > 0 && mail.mails.some(({ source }) => source.includes('no credit')))
  await quiet()
  expect(await subjectsTo('ops@example.org')).toEqual(['Yardmaster Story worker late missing'])
  expect((await subjectsTo('chief@example.org')).filter(subject => subject?.includes('pool farm'))).toHaveLength(1)
})

test('a mail of which nobody knows whether it arrived is shown as unknown and never sent again; the next one is', async () => {
  const before = mailsTo('bo@example.org').length
  let cuts = 1
  mail.behave({ content: () => (cuts-- > 0 ? 'cut' : 'take') })
  await push(1, 'Bo <bo@example.org>')
  await push(1, 'Bo <bo@example.org>')
  await quiet()
  const unknown = await cluster.rows<{ reporter: string; attempts: number; detail: string }>("SELECT reporter, attempts, detail FROM notifications WHERE state = 'unknown'")
  expect(unknown).toEqual([{ reporter: expect.any(String), attempts: 1, detail: expect.stringContaining('did not say what became of it') }])
  expect(mailsTo('bo@example.org')).toHaveLength(before + 2)
  expect(new Set((await mail.parsed()).map(({ messageId }) => messageId)).size).toBe(mail.mails.length)
})

test('who is greylisted gets it later, alone and once', async () => {
  let refusals = 1
  mail.behave({ recipient: address => (address === 'team-app@example.org' && refusals-- > 0 ? { code: 451, text: '4.7.1 greylisted' } : null) })
  const before = { anna: mailsTo('anna@example.org').length, team: mailsTo('team-app@example.org').length }
  await push(0)
  const later = "state = 'waiting' AND subject LIKE '%: team-app@example.org'"
  await soon('it to wait for later', async () => (await cluster.rows(`SELECT 1 FROM notifications WHERE ${later}`)).length === 1)
  expect(mailsTo('team-app@example.org')).toHaveLength(before.team)
  // It is asked again after a minute, which is over now.
  await cluster.rows(`UPDATE notifications SET due_at = now() WHERE ${later}`)
  await quiet()
  expect(mailsTo('anna@example.org')).toHaveLength(before.anna + 1)
  expect(mailsTo('team-app@example.org')).toHaveLength(before.team + 1)
  expect(mailsTo('team-app@example.org').at(-1)?.to).toEqual(['team-app@example.org'])
})

test('a scheduler that is killed while the server has the mail leaves it unknown; the other goes on, and nobody gets a mail twice', async () => {
  let letGo = () => {}
  const held = new Promise<'take'>(resolve => { letGo = () => resolve('take') })
  mail.behave({ content: () => held })
  await push(1, 'Cy <cy@example.org>')
  const sending = "SELECT n.replica_id AS replica FROM notifications n WHERE n.state = 'sending' AND n.reporter = 'owners'"
  let replica = 0
  await soon('the mail to be under way', async () => { replica = (await cluster.rows<{ replica: number }>(sending))[0]?.replica ?? 0; return replica > 0 })
  const sender = cluster.schedulers.find(({ lines }) => lines.some(line => line.includes(`"replica":${replica},"msg":"ready"`)))
  await sender!.kill()
  await soon('its mail to be unknown', async () => (await cluster.rows("SELECT 1 FROM notifications WHERE state = 'unknown' AND reporter = 'owners' AND subject LIKE '%cy@example.org%'")).length === 1)
  letGo()
  mail.behave({})
  await push(0, 'Cy <cy@example.org>')
  await quiet()
  const told = mail.mails.flatMap(({ source, to }) => to.map(address => `${/^Message-ID:\s*(\S+)/im.exec(source)?.[1]} ${address}`))
  expect(new Set(told).size).toBe(told.length)
  expect(mailsTo('cy@example.org').length).toBeGreaterThanOrEqual(1)
  expect((await cluster.rows("SELECT 1 FROM notifications WHERE state = 'sent' AND attempts > 1 AND delivery = 'message' AND id IN (SELECT notification_id FROM notification_attempts WHERE outcome = 'unknown')"))).toEqual([])
})
