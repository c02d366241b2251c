import { renameSync } from 'node:fs'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { newPage, startBrowser } from '../kit/browser.js'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { gitRepository, type GitRepository } from '../kit/git-repository.js'
import { until } from '../kit/until.js'

let repository: GitRepository
let cluster: Cluster
beforeAll(async () => {
  repository = gitRepository()
  repository.commit('before', { 'a.txt': '' })
  cluster = await startCluster({ workers: [], config: `
    import { changeHooks, changeSources, defineConfig, workers } from '@yardmaster/config'
    export default defineConfig({
      workers: [workers.worker({ name: 'w', password: 'pw' })], builders: [],
      changeSources: [changeSources.gitPoller({ name: 'it', repository: ${JSON.stringify(repository.folder)}, branches: ref => ref.endsWith('heads/main'), category: async change => change.files[0] ?? null, pollInterval: '1h' })],
      changeHooks: [changeHooks.poller({ allowed: ['it'] })],
    })` })
})
afterAll(async () => {
  await cluster?.stop()
  repository?.remove()
})

const comments = async () => (await cluster.rows<{ comments: string }>('SELECT comments FROM changes ORDER BY id')).map(row => row.comments)

test('a source that is polled once an hour looks when a hook knocks, and when somebody says so on the page, which tells what hinders it', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  await until('the poller to know where it begins', async () => (await cluster.rows(`SELECT 1 FROM change_sources WHERE state ? 'heads'`)).length > 0)
  repository.commit('knocked for', { 'b.txt': '' })
  repository.git('branch', 'not-watched')
  expect((await fetch(`${cluster.url}change_hook/poller?poller=it`, { method: 'POST' })).status).toBe(200)
  await until('its change', async () => (await comments()).includes('knocked for'))
  const browser = await startBrowser()
  try {
    const page = await newPage(browser)
    const errors: string[] = []
    page.on('pageerror', error => errors.push(String(error)))
    await page.goto(`${cluster.url}changesources`)
    await page.locator('[data-testid=live-state][data-state=live]').waitFor()
    const row = page.locator('[data-testid=source-row][data-source=it]')
    await row.getByText('polled').first().waitFor()
    renameSync(repository.folder, `${repository.folder}-away`)
    await row.getByTestId('source-poll').click()
    await row.getByText('does not appear to be a git repository').waitFor()
    renameSync(`${repository.folder}-away`, repository.folder)
    repository.commit('asked for', { 'c.txt': '' })
    await row.getByTestId('source-poll').click()
    await until('its change', async () => (await comments()).includes('asked for'))
    await row.getByText('polled').first().waitFor()
    expect(await cluster.rows('SELECT branch, comments, category FROM changes ORDER BY id')).toEqual([{ branch: 'main', comments: 'knocked for', category: 'b.txt' }, { branch: 'main', comments: 'asked for', category: 'c.txt' }])
    expect(errors).toEqual([])
  } finally {
    await browser.close()
  }
})
