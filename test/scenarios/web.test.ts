import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from 'vitest'
import { newPage, startBrowser } from '../kit/browser.js'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { gitRepository, type GitRepository } from '../kit/git-repository.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-web-'))
const gate = join(folder, 'gate')
const config = (repository: string) => `
import { changeSources, defineConfig, schedulers, steps, workers } from '@yardmaster/config'
const builder = (name, more) => ({ name, workers: ['w1'], steps: [
  steps.git({ repository: ${JSON.stringify(repository)}, logEnviron: false }),
  steps.shell({ name: 'test', logEnviron: false, command: ${JSON.stringify(`for i in 1 2 3; do echo "before $i"; done; while [ ! -e '${gate}' ]; do sleep 0.05; done; printf '\\033[32maf''ter\\033[0m\\n'`)} }),
  ...more,
] })
export default defineConfig({
  title: 'A wall of builds',
  workers: [workers.worker({ name: 'w1', password: 'pw' })],
  builders: [builder('hello', []), builder('fails', [steps.shell({ name: 'break', command: 'echo the reason; exit 1', logEnviron: false })])],
  changeSources: [changeSources.gitPoller({ repository: ${JSON.stringify(repository)}, branches: ['main'], pollInterval: '1s' })],
  schedulers: [schedulers.singleBranch({ name: 'main', branch: 'main', builders: ['hello'] }), schedulers.force({ name: 'force', builders: ['hello', 'fails'] })],
})
`

let cluster: Cluster
let repository: GitRepository
let browser: Browser
let page: Page
const errors: string[] = []

beforeAll(async () => {
  repository = gitRepository()
  repository.commit('first', { hello: 'hello\n' });
  [cluster, browser] = await Promise.all([startCluster({ config: config(repository.folder), workers: ['w1'] }), startBrowser()])
})
afterAll(async () => {
  await browser?.close()
  await cluster?.stop()
  repository?.remove()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  rmSync(gate, { force: true })
  errors.length = 0
  page = await newPage(browser, { viewport: { width: 1280, height: 800 } })
  page.on('pageerror', error => errors.push(String(error)))
  page.on('console', message => { if (message.type() === 'error') errors.push(message.text()) })
  onTestFailed(() => { process.stderr.write(`${errors.join('\n')}\n${lastWords(cluster)}\n`) })
})
afterEach(() => page?.close())

async function openNewest(builder: string): Promise<void> {
  await page.getByTestId('builder-row').filter({ hasText: builder }).getByTestId('build-chip').first().click()
}

test('a commit is seen as a build that runs, its log is seen live, and it turns green', async () => {
  await page.goto(cluster.url)
  await page.getByTestId('builder-row').filter({ hasText: 'hello' }).waitFor()
  await expect.poll(() => page.title()).toContain('A wall of builds')
  await until('the poller to know where it begins', async () => (await cluster.rows(`SELECT 1 FROM change_sources WHERE state <> '{}'`)).length > 0)
  repository.commit('turn it green', { hello: 'again\n' })
  await openNewest('hello')
  const build = page.getByTestId('build-page')
  await build.waitFor()
  await build.filter({ hasText: 'turn it green' }).waitFor()
  await page.getByTestId('log-line').filter({ hasText: 'before 3' }).first().waitFor()
  expect(await page.getByTestId('log-line').filter({ hasText: 'after' }).count()).toBe(0)
  writeFileSync(gate, '')
  await page.locator('[data-testid=build-page][data-result=success]').waitFor()
  expect(errors).toEqual([])
})

test('a build is forced, fails, and shows the log of the step that failed', async () => {
  writeFileSync(gate, '')
  await page.goto(cluster.url)
  await page.getByTestId('builder-row').filter({ hasText: 'fails' }).getByTestId('force-button').click()
  await page.getByTestId('force-dialog').waitFor()
  await page.getByTestId('field-reason').locator('input, textarea').fill('to see it fail')
  await page.getByTestId('force-dialog-submit').click()
  await openNewest('fails')
  await page.locator('[data-testid=build-page][data-result=failure]').waitFor()
  await page.getByTestId('log-line').filter({ hasText: 'the reason' }).first().waitFor()
  await page.getByTestId('build-page').filter({ hasText: 'to see it fail' }).waitFor()
  expect(errors).toEqual([])
})

test('a running build is stopped from its page', async () => {
  await page.goto(cluster.url)
  await page.getByTestId('builder-row').filter({ hasText: 'hello' }).getByTestId('force-button').click()
  await page.getByTestId('force-dialog-submit').click()
  await page.locator('[data-testid=builder-row]').filter({ hasText: 'hello' }).locator('[data-testid=build-chip][data-result=running]').click()
  await page.getByTestId('log-line').filter({ hasText: 'before 3' }).first().waitFor()
  await page.getByTestId('stop-button').click()
  await page.getByTestId('stop-dialog-submit').click()
  await page.locator('[data-testid=build-page][data-result=cancelled]').waitFor()
})

test('old links to Buildbot’s views lead to what they mean', async () => {
  const follow = async (hash: string) => {
    // Another hash alone is no new page.
    await page.goto('about:blank')
    await page.goto(`${cluster.url}${hash}`)
  }
  await follow('#/builders/1/builds/1/steps/1/logs/stdio')
  await page.getByTestId('log-line').filter({ hasText: 'before 3' }).first().waitFor()
  expect(page.url()).toBe(`${cluster.url}builders/1/builds/1/steps/1/logs/stdio`)
  await follow('#/changes')
  await page.getByTestId('change-row').filter({ hasText: 'turn it green' }).getByRole('link').click()
  await page.getByTestId('change-page').getByTestId('change-build').filter({ hasText: 'hello #1' }).waitFor()
  await follow('#/pendingbuildrequests')
  await page.getByTestId('pending-page').waitFor()
  await follow('#/masters/1')
  await page.locator('[data-testid=master-row][data-active=true]').first().waitFor()
  await follow('#/builders/1/force/force')
  await page.getByTestId('builder-page').waitFor()
  expect(errors).toEqual([])
})

test('the page goes on by itself after ui-api was killed', async () => {
  await page.goto(`${cluster.url}builders/hello`)
  await page.getByTestId('history-row').first().or(page.getByText('No builds yet')).waitFor()
  const rows = await page.getByTestId('history-row').count()
  // And one that was not answered when it was opened.
  const other = await newPage(browser)
  for (const path of [/\/builders\/1\/builds\?/, /\/config\.json$/]) await other.route(path, route => route.abort())
  await other.goto(`${cluster.url}builders/hello`)
  await other.getByRole('button', { name: 'Try again' }).waitFor()
  await cluster.roles['ui-api'].kill()
  await cluster.roles['ui-api'].start()
  await other.locator('[data-testid=live-state][data-state=live]').waitFor()
  await other.unrouteAll()
  writeFileSync(gate, '')
  repository.commit('after the restart', { hello: 'more\n' })
  await until('the new build in the history', async () => await page.getByTestId('history-row').count() > rows)
  await page.locator('[data-testid=history-row][data-result=success]').first().waitFor()
  await other.getByTestId('history-row').first().waitFor()
  await other.close()
})
