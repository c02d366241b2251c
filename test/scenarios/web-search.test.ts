import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { newPage, startBrowser } from '../kit/browser.js'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'

const config = `
import { defineConfig, schedulers, steps, workers } from '@yardmaster/config'
export default defineConfig({
  title: 'Search',
  workers: [workers.worker({ name: 'w1', password: 'pw' })],
  builders: ['linux-fast', 'linux-slow', 'macos'].map(name => ({ name, workers: ['w1'], collapseRequests: false, steps: [steps.shell({ command: 'true' })] })),
  schedulers: [schedulers.force({ name: 'force', builders: ['macos'] })],
})
`
let cluster: Cluster
let browser: Browser
beforeAll(async () => { [cluster, browser] = await Promise.all([startCluster({ config, workers: [] }), startBrowser()]) })
afterAll(async () => {
  await browser?.close()
  await cluster?.stop()
})

test('one box in the header finds, by keys alone, and remembers; the API has its page', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  const page = await newPage(browser, { viewport: { width: 1280, height: 800 } })
  await page.goto(`${cluster.url}/workers`)
  await page.getByTestId('search').waitFor()
  // The box is drawn a moment before it listens.
  await expect.poll(async () => {
    await page.keyboard.press('Control+k')
    return page.locator('[data-testid=search]:focus').count()
  }).toBe(1)
  await page.keyboard.type('LINUX')
  const hits = page.getByTestId('search-hits').getByRole('option')
  await expect.poll(() => hits.allInnerTexts()).toEqual([expect.stringContaining('linux-fast'), expect.stringContaining('linux-slow')])
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.url()).toMatch(/\/builders\/\d+$/)
  await page.getByRole('heading', { name: 'linux-slow' }).waitFor()
  await page.setViewportSize({ width: 390, height: 800 })
  await page.getByTestId('search').focus()
  await expect.poll(() => hits.allInnerTexts()).toEqual([expect.stringContaining('linux-slow')])
  await expect.poll(() => page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true)
  await page.keyboard.press('Escape')
  await page.getByTestId('search-hits').waitFor({ state: 'detached' })
  await page.getByTestId('more-pages').press('Enter')
  await page.getByRole('link', { name: 'Audit log' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'Audit log' }).waitFor({ state: 'detached' })
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'API' }).press('Enter')
  await page.locator('#operations-tag-workers').waitFor()
  await page.close()
})

test('what happens elsewhere costs a page nothing: a builder\'s page is told of that builder alone, and no page asks again for what it is told', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  const [builder, home] = [await newPage(browser), await newPage(browser)]
  const told: string[] = []
  builder.on('websocket', socket => socket.on('framereceived', ({ payload }) => {
    const { k } = JSON.parse(String(payload)) as { k?: string }
    if (k !== undefined && k !== 'counts/builds/update') told.push(k)
  }))
  await builder.goto(`${cluster.url}builders/linux-slow`)
  await home.goto(cluster.url)
  await builder.getByText('No builds yet').waitFor()
  await home.getByTestId('builder-row').first().waitFor()
  const force = (count: number) => Promise.all(Array.from({ length: count }, () => cluster.client.control('forceschedulers/force', 'force', {})))
  const shows = async (count: number) => {
    await home.locator('[data-builder=macos] [data-testid=waiting]', { hasText: `${count} waiting` }).waitFor()
    await expect.poll(() => builder.getByTestId('waiting-count').innerText()).toMatch(RegExp(`^${count}\\b`))
  }
  await force(2)
  await shows(2)
  for (const page of [builder, home]) {
    await page.locator('[data-testid=live-state][data-state=live]').waitFor()
    await page.waitForLoadState('networkidle')
  }
  const asked: string[] = []
  for (const page of [builder, home]) page.on('request', request => { if (request.url().includes('/api/v2/')) asked.push(request.url()) })
  await force(40)
  await shows(42)
  expect(asked).toEqual([])
  expect(told).toEqual([])
  await Promise.all([builder.close(), home.close()])
})
