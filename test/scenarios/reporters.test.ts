import { createHmac } from 'node:crypto'
import { startFakeWebhook, type FakeWebhook, type Received } from '@yardmaster/integrations/testing'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newPage, startBrowser } from '../kit/browser.js'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const config = (url: string) => `
import { defineConfig, reporters, schedulers, steps, util, workers } from '@yardmaster/config'
export default defineConfig({
  workers: [workers.worker({ name: 'w1', password: 'pw' })],
  builders: [
    { name: 'good', workers: ['w1'], tags: ['fast'], steps: [steps.shell({ name: 'say', command: ['echo', 'hello'] }), steps.shell({ name: 'again', command: ['echo', 'hello'] })] },
    { name: 'bad', workers: ['w1'], steps: [steps.shell({ name: 'fail', command: ['sh', '-c', 'echo no good; exit 1'] })] },
  ],
  schedulers: [schedulers.force({ name: 'force', builders: ['good', 'bad'] })],
  services: [
    reporters.httpStatus({ name: 'hook', serverUrl: '${url}all', auth: { user: 'ci', password: util.secret('hook_password') }, secret: util.secret('hook_key'), headers: { 'X-Builder': util.interpolate('%(prop:buildername)s of %(prop:scheduler)s') }, generators: [
      reporters.buildRequestGenerator({ builders: ['good'] }), reporters.buildStartEndStatusGenerator({ builders: ['good'] }), reporters.stepsGenerator({ builders: ['good'] }) ] }),
    reporters.httpStatus({ name: 'problems', serverUrl: '${url}problems', generators: [reporters.buildStatusGenerator({ mode: 'failing', addLogs: ['fail.stdio'], messageFormatter: () => { throw new Error('my formatter is broken') } })] }),
    reporters.custom({ name: 'own', options: { token: util.secret('hook_key') }, generators: [reporters.buildStatusGenerator({ mode: ['failing'] })], report: async (report, ctx) => {
      const log = await ctx.log(report.build?.steps[0]?.logs[0]?.logid ?? 0)
      const token = await ctx.option('token')
      await fetch('${url}own', { method: 'POST', body: JSON.stringify({ log, token, key: ctx.idempotencyKey, attempt: ctx.attempt, previous: report.previous }), signal: ctx.signal })
      return 'told'
    } }),
  ],
})`

let hook: FakeWebhook
let cluster: Cluster
let browser: Browser
beforeAll(async () => {
  [hook, browser] = await Promise.all([startFakeWebhook(), startBrowser()])
  cluster = await startCluster({ config: config(hook.url), workers: ['w1'], schedulers: 2, env: { YARD_SECRET_HOOK_PASSWORD: 'very secret', YARD_SECRET_HOOK_KEY: 'key of the hook' } })
})
afterAll(async () => {
  await browser?.close()
  await cluster?.stop()
  await hook?.close()
})

async function force(builder: string): Promise<void> {
  const [row] = await cluster.rows<{ id: number }>('SELECT id FROM builders WHERE name = $1', [builder])
  await cluster.client.control('forceschedulers/force', 'force', { builderid: row!.id, reason: 'test' })
}

const at = (path: string): Received[] => hook.received.filter(received => received.path === path)

/** Told with what the servers have got, if it does not come about. */
async function soon(condition: () => Promise<boolean> | boolean): Promise<void> {
  await until('the reporters have told it', condition).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${JSON.stringify(hook.received.map(({ path, body }) => [path, body['event']]))}\n${lastWords(cluster)}`)
  })
}

test('a build is told from its request to its end, in order and once, signed, and no secret is kept', async () => {
  await force('good')
  await soon(() => at('/all').some(({ body }) => body['event'] === 'finished'))
  const told = at('/all')
  expect(told.map(({ body }) => body['event'])).toEqual(['requested', 'started', 'step.started', 'step.finished', 'step.started', 'step.finished', 'finished'])
  const last = told.at(-1)!
  expect(last.body).toMatchObject({ complete: true, results: 0, state_string: 'build successful', builder: { name: 'good' }, buildset: { reason: "A build was forced by 'anonymous': test" }, steps: [{ name: 'say', results: 0 }, { name: 'again', results: 0 }], prev_build: null })
  expect(told[1]!.body).toMatchObject({ complete: false, results: null, steps: [] })
  expect(told[3]!.body).toMatchObject({ step: { name: 'say', results: 0, logs: [{ name: 'stdio' }] } })
  // Of a step's event that step alone: a build of thousands would be kept thousands of times.
  expect(told[5]!.body['steps']).toMatchObject([{ name: 'again', results: 0 }])
  expect(last.headers).toMatchObject({ 'x-builder': 'good of force', authorization: `Basic ${Buffer.from('ci:very secret').toString('base64')}`, 'x-yardmaster-attempt': '1', 'x-yardmaster-signature-256': `sha256=${createHmac('sha256', 'key of the hook').update(last.text).digest('hex')}` })
  expect(new Set(told.map(({ headers }) => headers['idempotency-key'])).size).toBe(7)
  await soon(async () => (await cluster.rows("SELECT 1 FROM notifications WHERE state = 'sent' AND reporter = 'hook'")).length === 7)
  expect(JSON.stringify(await cluster.rows('SELECT n, a FROM notifications n LEFT JOIN notification_attempts a ON a.notification_id = n.id'))).not.toMatch(/very secret|key of the hook/)
})

test('a reporter of one\'s own asks for logs and secrets; words that cannot be had are replaced, and that is said', async () => {
  await force('bad')
  await soon(() => at('/own').length === 1 && at('/problems').length === 1)
  expect(at('/own')[0]!.body).toMatchObject({ log: expect.stringContaining('no good') as string, token: 'key of the hook', attempt: 1, previous: null })
  expect(at('/problems')[0]!.body).toMatchObject({ results: 2, builder: { name: 'bad' }, remark: expect.stringContaining('my formatter is broken') as string, logs: { 'fail.stdio': expect.stringContaining('no good') as string } })
  await soon(async () => (await cluster.rows("SELECT 1 FROM notifications WHERE state = 'sent' AND reporter IN ('own', 'problems')")).length === 2)
  expect(await cluster.rows("SELECT reporter, detail, remark FROM notifications WHERE reporter IN ('own', 'problems') ORDER BY reporter")).toEqual([
    { reporter: 'own', detail: 'told', remark: null }, { reporter: 'problems', detail: 'HTTP 200', remark: expect.stringContaining('my formatter is broken') as string }])
})

test('a build\'s page and the page of notifications show what was told to whom as it happens, what nobody knows first, and send it again', async () => {
  const page = await newPage(browser)
  const errors: string[] = []
  page.on('pageerror', error => errors.push(String(error)))
  await page.goto(`${cluster.url}notifications`)
  await page.getByTestId('notifications').first().waitFor()
  const before = at('/own').length
  // The answer of the hook is lost: of a function that says nothing, nobody knows what it did.
  hook.answer = ({ path }) => (path === '/own' ? 'lost' : { status: 200 })
  await force('bad')
  await soon(() => at('/own').length === before + 1)
  const trouble = page.getByTestId('notifications-trouble')
  await trouble.locator('tr[data-state=unknown]').waitFor()
  hook.answer = () => ({ status: 200 })
  await trouble.getByRole('button', { name: 'Send again' }).click()
  await soon(() => at('/own').length === before + 2)
  const [build] = await cluster.rows<{ builder_id: number; number: number }>("SELECT b.builder_id, b.number FROM builds b JOIN builders u ON u.id = b.builder_id WHERE u.name = 'bad' ORDER BY b.id DESC LIMIT 1")
  await page.goto(`${cluster.url}builders/${build!.builder_id}/builds/${build!.number}?tab=told`)
  await page.locator('tr[data-state=unknown]').waitFor()
  await page.locator('tr[data-state=sent]').filter({ hasText: 'custom own' }).waitFor()
  expect(errors).toEqual([])
  await page.close()
})
