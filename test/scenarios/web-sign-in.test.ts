import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from 'vitest'
import { client } from '../../services/ui-api/src/testing/fake-provider.js'
import { startRealOpenId, type RealOpenId } from '../../services/ui-api/src/testing/real-open-id.js'
import { newContext, startBrowser } from '../kit/browser.js'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const config = (auth: string) => `
import { auth, defineConfig, schedulers, steps, workers } from '@yardmaster/config'
export default defineConfig({
  title: 'Closed',
  workers: [workers.worker({ name: 'w1', password: 'pw' })],
  builders: [{ name: 'b1', workers: ['w1'], steps: [steps.shell({ name: 'say', command: ['true'] })] }],
  schedulers: [schedulers.force({ name: 'force', builders: ['b1'] })],
  www: { auth: ${auth}, reading: 'closed' },
})
`

let cluster: Cluster
let browser: Browser
let context: BrowserContext
let provider: RealOpenId | undefined
let page: Page
const program = join(import.meta.dirname, '../../packages/cli/dist/main.js')
const yardUser = (input: string, ...args: string[]): Promise<string> => new Promise((resolve, reject) => {
  const child = execFile(process.execPath, [program, 'user', ...args, '--file', join(cluster.folder, 'users')], (error, stdout) => (error ? reject(error) : resolve(stdout)))
  child.stdin?.end(input)
})

beforeAll(async () => {
  [cluster, browser] = await Promise.all([startCluster({ config: config("auth.userFile({ file: 'users' })"), workers: [], uiApis: 2, files: { users: '' } }), startBrowser()])
  await yardUser('correct horse\n', 'add', 'ann')
})
afterAll(async () => {
  await browser?.close()
  await Promise.all([cluster?.stop(), provider?.close()])
})
beforeEach(async () => {
  context = await newContext(browser, { viewport: { width: 1280, height: 800 } })
  page = await context.newPage()
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
})
afterEach(() => context.close())

async function signIn(password: string): Promise<void> {
  await page.getByLabel('Name').fill('ann')
  await page.getByLabel('Password').fill(password)
  await page.getByTestId('sign-in-submit').click()
}

test('a closed installation leads to the sign-in and back to the page, on any replica, and out again', async () => {
  await page.goto(`${cluster.url}workers?from=a-link`)
  await page.getByTestId('sign-in').waitFor()
  await signIn('wrong')
  await page.getByTestId('sign-in-refusal').getByText('The name or the password is wrong.').waitFor()
  await signIn('correct horse')
  await page.getByTestId('user-menu').waitFor()
  await expect.poll(() => new URL(page.url()).pathname + new URL(page.url()).search).toBe('/workers?from=a-link')
  await page.getByText('w1').first().waitFor()
  await page.locator('[data-testid=live-state][data-state=live]').waitFor()
  for (const replica of cluster.uiApis) {
    await replica.stop()
    await replica.start()
  }
  await page.reload()
  await page.getByTestId('user-menu').click()
  await page.getByTestId('sign-out').click()
  await page.getByTestId('sign-in').waitFor()
  expect((await fetch(`${cluster.url}api/v2/builders`)).status).toBe(401)
})

test('a session that ends while a page is open is told, and what was typed stays', async () => {
  await page.goto(cluster.url)
  await signIn('correct horse')
  await page.getByRole('link', { name: 'b1' }).first().click()
  await page.getByTestId('force-button').first().click()
  await page.getByLabel(/reason/i).fill('what I typed for an hour')
  await page.locator('[data-testid=live-state][data-state=live]').waitFor()
  await yardUser('battery staple\n', 'passwd', 'ann')
  await until('no replica to know the session any more', async () => (await Promise.all(cluster.uiApiUrls.map(url => context.request.get(`${url}auth/user`).then(answer => answer.text())))).every(text => text.includes('anonymous')))
  // Nobody asks for anything: the page is told by the end of its live connection.
  const ended = page.getByTestId('session-ended')
  await ended.waitFor()
  await ended.getByLabel('Password').fill('battery staple')
  await ended.getByTestId('sign-in-submit').click()
  await ended.waitFor({ state: 'detached' })
  await page.locator('[data-testid=live-state][data-state=live]').waitFor()
  expect(await page.getByLabel(/reason/i).inputValue()).toBe('what I typed for an hour')
  await page.getByTestId('force-dialog-submit').click()
  await until('the build to be asked for, by her', async () => (await cluster.rows<{ actor: string }>("SELECT actor FROM control_actions WHERE action = 'force'")).some(({ actor }) => actor === 'user:ann'))
})

test('a provider signs in without being asked, and again besides a page that must stay', async () => {
  provider = await startRealOpenId({ redirectUri: `${cluster.url}auth/login`, claimsIn: 'userinfo' })
  const sso = `auth.oidc({ issuer: '${provider.url}', name: 'Example SSO', clientId: '${client.id}', clientSecret: '${client.secret}', autologin: true })`
  writeFileSync(join(cluster.folder, 'yard.config.ts'), config(sso))
  for (const replica of cluster.uiApis) replica.signal('SIGHUP')
  await until('all replicas to have people sign in there', async () => (await Promise.all(cluster.uiApiUrls.map(url => fetch(`${url}config.json`).then(answer => answer.text())))).every(text => text.includes('Example SSO')))
  await page.goto(`${cluster.url}workers?from=a-link`)
  await page.getByTestId('user-menu').waitFor()
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/workers?from=a-link')

  await page.getByRole('link', { name: 'Builders' }).first().click()
  await page.getByRole('link', { name: 'b1' }).first().click()
  await page.getByTestId('force-button').first().click()
  await page.getByLabel(/reason/i).fill('what I typed for an hour')
  await page.locator('[data-testid=live-state][data-state=live]').waitFor()
  await cluster.rows('DELETE FROM user_sessions RETURNING id')
  await until('no replica to know the session any more', async () => (await Promise.all(cluster.uiApiUrls.map(url => context.request.get(`${url}auth/user`).then(answer => answer.text())))).every(text => text.includes('anonymous')))
  const ended = page.getByTestId('session-ended')
  await ended.waitFor()
  const opened = context.waitForEvent('page')
  await ended.getByTestId('sign-in-elsewhere').click()
  const besides = await opened
  await ended.waitFor({ state: 'detached' })
  if (!besides.isClosed()) await besides.waitForEvent('close')
  expect(await page.getByLabel(/reason/i).inputValue()).toBe('what I typed for an hour')
  await page.getByTestId('force-dialog-submit').click()
  await until('the build to be asked for, by her', async () => (await cluster.rows<{ n: number }>("SELECT count(*)::int AS n FROM control_actions WHERE action = 'force' AND actor = 'user:ann'"))[0]!.n === 2)
})
