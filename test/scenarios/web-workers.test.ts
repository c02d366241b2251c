import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { builders as builderType, createYardClient } from '@yardmaster/rest'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from 'vitest'
import { newPage, startBrowser } from '../kit/browser.js'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-web-workers-'))
const gate = join(folder, 'gate')
const config = `
import { defineConfig, schedulers, steps, workers } from '@yardmaster/config'
const always = { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '00:00', to: '00:00', timeZone: 'UTC', reason: 'the power is off' }
export default defineConfig({
  title: 'Workers',
  workers: [
    workers.worker({ name: 'w1', password: 'pw', maxBuilds: 4, labels: { room: 'attic', gpu: 'a100' }, notes: 'The loud one: mind the fan, and ask Ann before you touch it.' }),
    workers.worker({ name: 'w2', password: 'pw', downtime: [always] }),
    workers.worker({ name: 'never', password: 'pw', missingTimeout: '1s' }),
  ],
  builders: [{ name: 'gated', workers: ['w1', 'w2', 'never'], steps: [steps.shell({ name: 'wait', command: "while [ ! -e '${gate}' ]; do sleep 0.05; done", logEnviron: false })] }],
  schedulers: [schedulers.force({ name: 'force', builders: ['gated'] })],
})
`

let cluster: Cluster
let browser: Browser
let page: Page
const errors: string[] = []

beforeAll(async () => {
  [cluster, browser] = await Promise.all([startCluster({ config, workers: ['w1', 'w2'] }), startBrowser()])
  const yard = createYardClient({ baseUrl: cluster.url })
  const info = join(cluster.folder, 'w1', 'info')
  mkdirSync(info)
  writeFileSync(join(info, 'admin'), 'Ann <ann@example.org>\n')
  writeFileSync(join(info, 'rack'), 'row 4, the third from below\n')
  await cluster.workers[0]!.stop()
  await cluster.workers[0]!.start()
  await until('two workers, with what they say of themselves', async () => (await yard.workers()).filter(worker => worker.connected && worker.status && (worker.name !== 'w1' || worker.info['admin'])).length === 2)
  await until('the third to be missing', async () => (await yard.worker('never')).missing)
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

const row = (name: string) => page.locator(`[data-testid=worker-row][data-worker=${name}]`)
const forceOne = async () => {
  const { rows: [builder] } = await cluster.client.list(builderType, 'builders')
  await cluster.client.control('forceschedulers/force', 'force', { builderid: builder!.builderid })
}

test('every worker is there with its state, why, labels and load; a pause is seen at once', async () => {
  await page.goto(`${cluster.url}workers`)
  await row('w1').getByTestId('worker-state').filter({ hasText: 'idle' }).waitFor()
  await row('w1').filter({ hasText: 'room=attic' }).filter({ hasText: 'gpu=a100' }).filter({ hasText: /\d\.\d\d · [\d.]+ [GT]iB/ }).waitFor()
  await row('w2').filter({ hasText: 'downtime' }).filter({ hasText: 'the power is off' }).waitFor()
  await row('never').filter({ hasText: 'missing' }).filter({ hasText: 'never came' }).waitFor()
  await row('w1').getByRole('button', { name: 'Pause' }).click()
  await row('w1').getByTestId('worker-state').filter({ hasText: 'paused' }).waitFor()
  await row('w1').getByRole('button', { name: 'Unpause' }).click()
  await row('w1').getByTestId('worker-state').filter({ hasText: 'idle' }).waitFor()
  await page.getByTestId('filter').fill('gpu=')
  await until('only w1', async () => await page.getByTestId('worker-row').count() === 1)
  expect(errors).toEqual([])
})

test('a worker\'s page: what it is, what it builds, and killing it after a question', async () => {
  await forceOne()
  await page.goto(`${cluster.url}workers/w1`)
  const worker = page.getByTestId('worker-page')
  await worker.getByTestId('worker-state').filter({ hasText: 'building' }).waitFor()
  for (const text of ['mind the fan', 'Ann <ann@example.org>', 'row 4', 'yard worker', 'gated']) await worker.filter({ hasText: text }).waitFor()
  await page.getByTestId('kill-button').click()
  await page.getByTestId('kill-dialog').filter({ hasText: 'One build runs on it now.' }).waitFor()
  await page.getByTestId('kill-dialog-submit').click()
  await cluster.workers[0]!.ended
  await worker.getByTestId('worker-state').filter({ hasText: 'not connected' }).waitFor()
  await page.getByTestId('worker-builds').locator('tr[data-result=retry]').waitFor()
  await page.goto(`${cluster.url}builders/gated`)
  await page.getByTestId('waits-for').filter({ hasText: /w1 is not connected.*w2 is in downtime/ }).waitFor()
  await page.goto(`${cluster.url}workers/w1`)
  writeFileSync(gate, '')
  await cluster.workers[0]!.start()
  await page.getByTestId('worker-builds').locator('tr[data-result=success]').waitFor()
  await worker.getByTestId('worker-state').filter({ hasText: 'idle' }).waitFor()
  rmSync(gate)
  await forceOne()
  await worker.getByTestId('worker-state').filter({ hasText: 'building' }).waitFor()
  writeFileSync(gate, '')
  await worker.getByTestId('worker-state').filter({ hasText: 'idle' }).waitFor()
  expect(errors).toEqual([])
})
