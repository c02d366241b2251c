import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createYardClient, type YardClient } from '@yardmaster/rest'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from 'vitest'
import { newPage, startBrowser } from '../kit/browser.js'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { force } from '../kit/latent-story.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-web-machines-'))
const gate = join(folder, 'gate')
const config = `
import { defineConfig, providers, schedulers, steps, workers } from '@yardmaster/config'
const gated = (name, pool) => ({ name, workers: [pool], collapseRequests: false, steps: [steps.shell({ name: 'wait', command: "while [ ! -e '${gate}' ]; do sleep 0.05; done", logEnviron: false })] })
export default defineConfig({
  title: 'Yard',
  workers: [
    workers.pool({ name: 'big', provider: providers.process(), max: 2, buildWaitTimeout: '10m', dailyCap: 20 }),
    workers.pool({ name: 'other', provider: providers.process(), max: 3 }),
  ],
  builders: [gated('gated', 'big'), gated('others', 'other')],
  schedulers: [schedulers.force({ name: 'force', builders: ['gated', 'others'] })],
})
`

let cluster: Cluster
let browser: Browser
let page: Page
let yard: YardClient
const errors: string[] = []

beforeAll(async () => {
  [cluster, browser] = await Promise.all([startCluster({ config, workers: [] }), startBrowser()])
  yard = createYardClient({ baseUrl: cluster.url })
})
afterAll(async () => {
  await browser?.close()
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  errors.length = 0
  page = await newPage(browser, { viewport: { width: 1280, height: 800 } })
  page.on('pageerror', error => errors.push(String(error)))
  page.on('console', message => { if (message.type() === 'error') errors.push(message.text()) })
  onTestFailed(() => { process.stderr.write(`${errors.join('\n')}\n${lastWords(cluster)}\n`) })
})
afterEach(() => page?.close())

const pool = (name: string) => page.locator(`[data-testid=pool][data-pool=${name}]`)
const row = (worker: string) => page.locator(`[data-testid=machine-row][data-worker=${worker}]`)

test('machines come, build, cost and go before one\'s eyes', async () => {
  await page.goto(`${cluster.url}machines`)
  await pool('big').filter({ hasText: 'No machine is there' }).waitFor()
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Machines' }).waitFor()
  await force(cluster, 'gated', { times: 3 })
  await row('big-1').getByTestId('machine-state').filter({ hasText: 'building' }).waitFor()
  await row('big-2').getByTestId('machine-state').filter({ hasText: 'building' }).waitFor()
  await pool('big').getByTestId('pool-count').filter({ hasText: '2 of 2 machines' }).waitFor()
  await pool('big').getByTestId('pool-waiting').filter({ hasText: '1 build waiting' }).waitFor()
  await row('big-1').filter({ hasText: /build request \d+/ }).waitFor()

  // Processes cost nothing: as if they did.
  await cluster.rows(`UPDATE instances SET price_per_hour = 3, currency = 'EUR', billing_period = 3600, created_at = now()`)
  await page.reload()
  await row('big-1').filter({ hasText: '3.00 EUR' }).waitFor()
  await pool('big').getByTestId('pool-spent').filter({ hasText: '6.00 EUR of 20 today' }).waitFor()

  // A build's own page names its machine, and what it costs.
  await row('big-1').getByTestId('build-chip').click()
  await page.getByTestId('build-cost').filter({ hasText: '3.00 EUR' }).waitFor()
  await page.getByTestId('build-machine').getByRole('link').click()
  const machine = page.getByTestId('instance-page')
  await machine.getByTestId('machine-timeline').filter({ hasText: 'Worker connected' }).waitFor()
  await machine.getByTestId('machine-builds').filter({ hasText: /gated #\d/ }).filter({ hasText: '3.00 EUR' }).waitFor()

  // Stopped at once: what it built is built again elsewhere.
  const stopped = Number(page.url().split('/').at(-1))
  await page.getByTestId('stop-machine-button').click()
  await page.getByTestId('stop-now').check()
  await page.getByTestId('stop-machine-dialog-submit').click()
  await machine.filter({ hasText: 'stopped by user:anonymous: on the web page' }).waitFor()
  await machine.getByTestId('machine-builds').filter({ hasText: 'retry' }).waitFor()
  await machine.getByTestId('machine-state').filter({ hasText: 'gone' }).waitFor()
  expect((await yard.instance(stopped)).instance).toMatchObject({ state: 'gone', desired: 'gone' })
  expect(errors).toEqual([])
})

test('a pool\'s page says why it has so many, and pausing stops it', async () => {
  await page.goto(`${cluster.url}machines/big`)
  const why = page.getByTestId('pool-why')
  await why.filter({ hasText: /It has [12] of at most 2 machines/ }).waitFor()
  await page.getByTestId('machine-history').filter({ hasText: 'stopped by user:anonymous' }).waitFor()
  await page.getByTestId('pause-pool-button').click()
  await page.getByTestId('pause-pool-dialog').getByRole('textbox').fill('the bill')
  await page.getByTestId('pause-pool-dialog-submit').click()
  await page.getByTestId('pool-paused').filter({ hasText: 'the bill' }).waitFor()
  await why.filter({ hasText: 'It is paused (the bill)' }).waitFor()
  expect((await yard.pool('big')).paused).toEqual({ reason: 'the bill' })
  await page.getByTestId('resume-pool-button').click()
  await page.getByTestId('pool-paused').waitFor({ state: 'detached' })
  writeFileSync(gate, '')
  await until('all to be built', async () => (await cluster.rows<{ open: number }>(`SELECT count(*)::int AS open FROM build_requests WHERE state <> 'complete'`))[0]!.open === 0)
  await page.locator('[data-testid=machine-row][data-state=ready]').first().getByTestId('machine-state').filter({ hasText: 'idle' }).waitFor()

  // Workers without a machine are told in one line.
  await page.goto(`${cluster.url}workers`)
  await page.getByTestId('dormant-workers').filter({ hasText: /[34] latent workers without a machine/ }).waitFor()

  // The worker's page has its machines, also on a phone.
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto(`${cluster.url}workers/big-1`)
  await page.getByTestId('machine-history').getByTestId('history-row').first().waitFor()
  await page.goto(`${cluster.url}machines`)
  await pool('big').waitFor()
  await expect.poll(async () => Number(await page.evaluate('document.documentElement.scrollWidth'))).toBeLessThanOrEqual(390)
  expect(errors).toEqual([])
})
