import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { routes, createYardClient } from '@yardmaster/rest'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { newContext, newPage, startBrowser } from '../kit/browser.js'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'

const config = `
import { auth, authz, defineConfig, schedulers, steps, workers } from '@yardmaster/config'
export default defineConfig({
  title: 'Yard',
  workers: [workers.worker({ name: 'w1', password: 'x' }), workers.worker({ name: 'gpu', password: 'x', owners: ['bob'] })],
  builders: [{ name: 'hello', workers: ['w1', 'gpu'], steps: [steps.shell({ name: 'hello', command: 'echo hello' })] }],
  schedulers: [schedulers.force({ name: 'force', builders: ['hello'] })],
  www: {
    auth: auth.users({ alice: 'correct horse', bob: 'battery staple' }),
    authz: { roleMatchers: [authz.rolesFromUsername({ roles: ['admins'], usernames: ['alice'] })], allowRules: [authz.workerOwner(), authz.anyControlEndpoint({ role: 'admins' })] },
  },
})
`

let cluster: Cluster
let browser: Browser
const home = mkdtempSync(join(tmpdir(), 'yardmaster-access-'))
const errors: string[] = []
beforeAll(async () => { [cluster, browser] = await Promise.all([startCluster({ config, workers: [] }), startBrowser()]) })
afterAll(async () => {
  await browser?.close()
  await cluster?.stop()
  rmSync(home, { recursive: true, force: true })
})

async function signedIn(username: string, password: string, viewport = { width: 1280, height: 800 }): Promise<{ context: BrowserContext; page: Page }> {
  const context = await newContext(browser, { viewport })
  const answer = await context.request.post(`${cluster.url}auth/login`, { data: { username, password }, headers: { origin: new URL(cluster.url).origin } })
  expect([answer.status(), await answer.text()]).toMatchObject([200, expect.stringContaining(username)])
  const page = await context.newPage()
  page.on('pageerror', error => errors.push(String(error)))
  onTestFailed(() => { process.stderr.write(`${errors.join('\n')}\n${lastWords(cluster)}\n`) })
  return { context, page }
}

const workerRow = (page: Page, name: string) => page.locator(`[data-testid=worker-row][data-worker=${name}]`)

test('what somebody may not do is not offered, and says why; an owner may with his own worker', async () => {
  const { context, page } = await signedIn('bob', 'battery staple')
  await page.goto(`${cluster.url}workers`)
  const pause = workerRow(page, 'w1').getByRole('button', { name: 'Pause' })
  await workerRow(page, 'w1').locator('[data-refused=pause]').waitFor()
  expect(await pause.getAttribute('title')).toMatch(/^You need to have role 'admins'/)
  await workerRow(page, 'gpu').getByRole('button', { name: 'Pause' }).click()
  await workerRow(page, 'gpu').getByRole('button', { name: 'Unpause' }).waitFor()
  await page.goto(cluster.url)
  await page.locator('[data-testid=force-button][data-refused=force]').waitFor()
  await page.goto(`${cluster.url}audit`)
  await page.getByTestId('failed').filter({ hasText: "you need to have role 'admins'" }).waitFor()
  await context.close()
})

test('who has not signed in is told so, and led there and back; every page is within reach at any width', async () => {
  const page = await newPage(browser, { viewport: { width: 1280, height: 800 } })
  await page.goto(`${cluster.url}workers`)
  await workerRow(page, 'w1').locator('[data-refused=pause][title^="Sign in first: "]').waitFor()
  for (const width of [1280, 1000, 390]) {
    await page.setViewportSize({ width, height: 800 })
    for (const inside of [page.getByTestId('more-pages'), page.getByTestId('sign-in-link')]) {
      const isInside = async () => {
        const box = await inside.boundingBox()
        return box && box.x >= 0 && box.x + box.width <= width
      }
      await expect.poll(isInside, { message: `at ${width}` }).toBe(true)
    }
  }
  await page.getByTestId('more-pages').click()
  await page.getByRole('link', { name: 'Tokens' }).click()
  await page.getByTestId('failed').getByRole('link', { name: 'Sign in' }).click()
  await page.getByLabel('Name').fill('bob')
  await page.getByLabel('Password').fill('battery staple')
  await page.getByTestId('sign-in-submit').click()
  await page.getByTestId('tokens-page').waitFor()
  await page.close()
})

test('a token is made, told once, used by the command line and programs, and revoked', async () => {
  const { context, page } = await signedIn('alice', 'correct horse')
  await page.goto(cluster.url)
  await page.getByTestId('force-button').click()
  await page.getByTestId('field-reason').waitFor()
  await expect.poll(() => page.getByTestId('field-username').count()).toBe(0)
  await page.goto(`${cluster.url}tokens`)
  await page.getByTestId('empty').filter({ hasText: 'No tokens yet' }).waitFor()
  await page.getByTestId('new-token').click()
  await page.getByTestId('token-name').fill('laptop')
  await page.getByTestId('scope-control').check()
  await page.getByTestId('token-dialog-submit').click()
  const token = (await page.getByTestId('token-secret').textContent()) ?? ''
  expect(token).toMatch(/^yard_[0-9a-f]{72}$/)
  await page.getByTestId('token-told').getByRole('button', { name: 'Close' }).click()
  await page.getByTestId('token-row').filter({ hasText: 'laptop' }).waitFor()
  expect(await page.content()).not.toContain(token)

  const yard = createYardClient({ baseUrl: cluster.url, token })
  expect(await yard.controlWorker('w1', 'pause')).toMatchObject({ paused: { reason: null } })
  expect((await runYard(['token', 'list'], { YARD_TOKEN: token })).stdout).toMatch(/alice +laptop +read control/)
  expect((await runYard(['login'], {}, token)).stdout).toContain('tokens.json')
  expect(statSync(join(home, 'yardmaster/tokens.json')).mode & 0o777).toBe(0o600)
  expect((await runYard(['audit', '--action', 'pause'], {})).stdout).toMatch(/token:alice\/laptop[^]*user:bob/)
  expect((await runYard(['access', 'drain', 'replicas'], {})).stdout).toContain('yes: rule 2 (authz.anyControlEndpoint) allows it')

  await page.getByTestId('revoke-token').click()
  await page.getByTestId('token-row').filter({ hasText: 'revoked' }).waitFor()
  await expect(yard.call(routes.tokens.list, {})).rejects.toMatchObject({ status: 401 })
  await expect(runYard(['workers'], {})).rejects.toMatchObject({ stderr: expect.stringContaining('HTTP 401') })
  await context.close()
})

test('the audit log is read on a page, also on a phone', async () => {
  const { context, page } = await signedIn('alice', 'correct horse', { width: 390, height: 800 })
  await page.goto(`${cluster.url}audit`)
  await page.getByTestId('audit-row').filter({ hasText: 'token:alice/laptop' }).filter({ hasText: 'pause' }).waitFor()
  await page.getByTestId('audit-outcome').selectOption('refused')
  await page.getByTestId('audit-row').filter({ hasText: 'user:bob' }).filter({ hasText: 'refused' }).first().waitFor()
  await expect.poll(() => page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  expect(errors).toEqual([])
  await context.close()
})

async function runYard(args: string[], env: NodeJS.ProcessEnv, input = ''): Promise<{ stdout: string; stderr: string }> {
  const child = promisify(execFile)(process.execPath, [join(import.meta.dirname, '../../packages/cli/dist/main.js'), ...args, '--url', cluster.url], { env: { ...process.env, XDG_CONFIG_HOME: home, ...env } })
  child.child.stdin?.end(input)
  return child
}
