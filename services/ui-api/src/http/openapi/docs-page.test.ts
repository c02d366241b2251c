import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newPage, startBrowser } from '../../../../../test/kit/browser.js'
import { wwwDefaults } from '@yardmaster/domain'
import { aConfiguration, aWorker } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'

let api: TestApi
let browser: Browser
beforeAll(async () => { [api, browser] = await Promise.all([startApi(aConfiguration({ workers: [aWorker('w1')] }), { baseUrl: 'http://127.0.0.1:8010/ci/' }), startBrowser()]) })
afterAll(async () => {
  await browser?.close()
  await api?.close()
})

it('shows the API below any base path, from here alone, and tries it out', async () => {
  const page = await newPage(browser, { viewport: { width: 1200, height: 900 } })
  const [problems, foreign]: [string[], string[]] = [[], []]
  page.on('console', message => { if (message.type() === 'error') problems.push(message.text()) })
  page.on('pageerror', error => problems.push(error.message))
  page.on('request', request => { if (!request.url().startsWith(api.url) && !request.url().startsWith('data:')) foreign.push(request.url()) })
  await page.goto(`${api.url}/ci/api/docs`)
  expect(page.url()).toBe(`${api.url}/ci/api/docs/`)
  await page.locator('#operations-tag-workers').click()
  await page.locator('#operations-workers-listWorkers .opblock-summary').click()
  await page.locator('#operations-workers-listWorkers .execute').click()
  await page.locator('#operations-workers-listWorkers .live-responses-table', { hasText: '"w1"' }).waitFor()
  expect(await page.locator('#operations-workers-listWorkers .request-url').innerText()).toContain(`${api.url}/ci/api/yard/v1/workers`)
  expect({ problems, foreign }).toEqual({ problems: [], foreign: [] })
  await page.getByRole('link', { name: 'Back to the web page' }).click()
  await expect.poll(() => page.url()).toBe(`${api.url}/ci/`)
  await page.close()
})

it('leads a browser to the sign-in where nothing is shown to strangers, programs are refused', async () => {
  api.setGeneration({ id: api.generationId, configuration: aConfiguration({ workers: [aWorker('w1')], www: { ...wwwDefaults, auth: { kind: 'users', users: {} }, reading: 'closed' } }) })
  const ask = (path: string, accept: string) => fetch(`${api.url}/ci/api/${path}`, { headers: { accept }, redirect: 'manual' })
  for (const path of ['docs', 'docs/']) {
    const answer = await ask(path, 'text/html')
    expect([answer.status, new URL(answer.headers.get('location') ?? '', answer.url).href]).toEqual([302, `${api.url}/ci/sign-in?to=api/docs/`])
  }
  expect((await ask('docs/', '*/*')).status).toBe(401)
  expect((await ask('v2/builders', 'text/html')).status).toBe(401)
})
