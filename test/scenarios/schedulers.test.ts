import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createYardClient, type YardClient } from '@yardmaster/rest'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { newPage, startBrowser } from '../kit/browser.js'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import type { CommitPoint } from '../kit/postgres-proxy.js'
import type { RoleProcess } from '../kit/role-process.js'
import { until } from '../kit/until.js'
import { yardIn } from '../kit/yard.js'

/** Each second there is a tick; what it builds, it says by its changes. */
const config = (more: { steady?: string } = {}) => `
import { changeHooks, defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const builder = (name, ...more) => ({ name, workers: ['w1'], collapseRequests: false, steps: [steps.shell({ command: 'true', logEnviron: false }), ...more] })
const of = project => util.changeFilter({ project })
export default defineConfig({
  workers: [workers.worker({ name: 'w1', password: 'pw' })],
  builders: [builder('docs'), builder('code', steps.trigger({ schedulerNames: ['later'], waitForFinish: true })), builder('packaged'), builder('shipped'), builder('gathered'), builder('quiet'), builder('hourly'), builder('deferred')],
  changeHooks: [changeHooks.base()],
  schedulers: [
    schedulers.anyBranch({
      name: 'chosen', changeFilter: of('chain'), priority: (names, changes) => 10 * names.length + changes[''].length, properties: { first: input => input.files[0], level: 5 }, reason: util.interpolate('%(prop:first)s changed'),
      async builders({ files }, signal) {
        await new Promise(resolve => setTimeout(resolve, 20))
        signal.throwIfAborted()
        return [...new Set(files.map(file => (file.startsWith('doc/') ? 'docs' : 'code')))]
      },
    }),
    schedulers.dependent({ name: 'package', upstream: 'chosen', builders: ['packaged'] }),
    schedulers.dependent({ name: 'ship', upstream: 'package', builders: ['shipped'] }),
    schedulers.nightly({ name: 'gather', cron: '* * * * * *', onlyIfChanged: true, changeFilter: of('gather'), builders: ['gathered'] }),
    schedulers.singleBranch({ name: 'steady', branch: 'main', changeFilter: of('steady'), treeStableTimer: '${more.steady ?? '1h'}', builders: ['quiet'] }),
    schedulers.periodic({ name: 'hourly', periodicBuildTimer: '1h', builders: ['hourly'] }),
    schedulers.nightlyTriggerable({ name: 'later', cron: '* * * * * *', builders: ['deferred'] }),
  ],
})
`

let cluster: Cluster
let browser: Browser
let yard: YardClient
beforeAll(async () => {
  [cluster, browser] = await Promise.all([startCluster({ config: config(), workers: ['w1'], schedulers: 2 }), startBrowser()])
  yard = createYardClient({ baseUrl: cluster.url })
})
afterAll(async () => {
  await browser?.close()
  await cluster?.stop()
})

async function send(project: string, revision: string, files = ['a.c']): Promise<void> {
  const body = JSON.stringify({ author: 'Ann', comments: revision, revision, branch: 'main', repository: '/repo', project, files })
  expect((await fetch(`${cluster.url}change_hook/base`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })).ok).toBe(true)
}

type Built = { scheduler: string; revision: string | null; builders: string; reason: string; priority: number; complete: boolean; results: number | null }

const built = (scheduler: string): Promise<Built[]> => cluster.rows<Built>(
  `SELECT b.scheduler, s.revision, string_agg(w.name, ',' ORDER BY w.name) AS builders, b.reason, max(r.priority) AS priority, b.complete_at IS NOT NULL AS complete, b.results
   FROM buildsets b JOIN buildset_sourcestamps bs ON bs.buildset_id = b.id JOIN sourcestamps s ON s.id = bs.sourcestamp_id JOIN build_requests r ON r.buildset_id = b.id JOIN builders w ON w.id = r.builder_id
   WHERE b.scheduler = $1 GROUP BY b.id, s.id ORDER BY b.id`, [scheduler])
const revisions = async (scheduler: string) => (await built(scheduler)).map(({ revision }) => revision)

test('a change is built where a function says, what depends on it after it, and what it triggers at the next tick', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  await send('chain', 'r1', ['doc/a.md', 'src/a.c'])
  await until('the last of the chain to end', async () => (await built('ship'))[0]?.complete)
  expect(await built('chosen')).toEqual([{ scheduler: 'chosen', revision: 'r1', builders: 'code,docs', reason: 'doc/a.md changed', priority: 21, complete: true, results: 0 }])
  expect(await built('package')).toMatchObject([{ revision: 'r1', builders: 'packaged' }])
  expect(await built('ship')).toMatchObject([{ revision: 'r1', builders: 'shipped', results: 0 }])
  await until('what was triggered', async () => (await built('later'))[0]?.complete)
  expect(await built('later')).toMatchObject([{ revision: 'r1', builders: 'deferred' }])
  expect(await cluster.rows(`SELECT properties->'level'->>0 AS level, properties->'scheduler'->>0 AS scheduler FROM buildsets WHERE scheduler = 'chosen'`)).toEqual([{ level: '5', scheduler: 'chosen' }])
})

const points: CommitPoint[] = [
  { transaction: /DELETE FROM scheduler_tasks/, when: 'before the commit' },
  { transaction: /DELETE FROM scheduler_tasks/, when: 'after the commit' },
  { transaction: /UPDATE scheduler_clocks SET due_at/, when: 'after the commit' },
  { transaction: /DELETE FROM pending_dispatches/, when: 'after the commit' },
]

/** Kills whichever scheduler comes to the point first; the other one goes on alone until it is started again. */
async function killAt(point: CommitPoint): Promise<void> {
  let struck: RoleProcess | null = null
  cluster.schedulerProxies.forEach((proxy, at) => proxy.at(point, () => {
    for (const other of cluster.schedulerProxies) other.at({ ...point, transaction: /(?!)/ }, () => {})
    cluster.schedulers[at]!.signal('SIGKILL')
    struck = cluster.schedulers[at]!
  }))
  const victim: RoleProcess = await until(`a scheduler to come to ${String(point.transaction)}`, () => struck)
  await victim.ended
  await victim.start()
}

test('with the scheduler that decides killed at named points every change is built once and in its order, and every clock goes on', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  const all: string[] = []
  for (const [round, point] of points.entries()) {
    const killed = killAt(point)
    for (const n of [1, 2, 3, 4]) {
      all.push(`k${round}-${n}`)
      await send('chain', all.at(-1)!, ['doc/b.md'])
      await send('gather', `g${round}-${n}`)
    }
    await killed
  }
  await until('all to be asked for', async () => (await revisions('chosen')).length > all.length && (await revisions('gather')).includes(`g${points.length - 1}-4`))
  await until('all that depends on them to be asked for', async () => (await revisions('ship')).length > all.length)
  expect(await revisions('chosen')).toEqual(['r1', ...all])
  expect((await revisions('package')).toSorted()).toEqual(['r1', ...all].toSorted())
  const gathered = (await revisions('gather')).filter(revision => revision !== null)
  expect(gathered, 'no tick builds a change again').toEqual([...new Set(gathered)].toSorted())
  expect(await revisions('hourly'), 'an hour has not passed').toHaveLength(1)
  await until('nothing to be left', async () => (await cluster.rows(`SELECT 1 FROM pending_dispatches UNION ALL SELECT 1 FROM scheduler_tasks WHERE cause <> 'tick'`)).length === 0)
})

test('a reload keeps the changes that wait for a stable tree', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  await send('steady', 's1')
  await until('the timer', async () => (await yard.scheduler('steady')).waiting.changes === 1)
  writeFileSync(join(cluster.folder, 'yard.config.ts'), config({ steady: '1s' }))
  cluster.roles.engine.signal('SIGHUP')
  await until('the new configuration', async () => (await yard.scheduler('steady')).when === 'changes, after 1 s of quiet')
  await send('steady', 's2')
  await until('both to be built', async () => (await revisions('steady')).length > 0)
  expect(await revisions('steady')).toEqual(['s2'])
  expect((await yard.scheduler('steady')).waiting).toEqual({ trees: 0, changes: 0, nextAt: null })
  expect(await revisions('hourly'), 'the clock that nobody has changed goes on').toHaveLength(1)
})

test('the page tells when each acts, and a scheduler that is disabled there builds nothing', async () => {
  const command = await yardIn({ folder: cluster.folder })
  const run = async (...args: string[]) => {
    const { stdout, stderr } = await command.run(...args, '--url', cluster.url)
    return stdout + stderr
  }
  const page = await newPage(browser, { viewport: { width: 1280, height: 800 } })
  onTestFailed(async () => { process.stderr.write(`${await page.locator('body').innerText()}\n${lastWords(cluster)}\n`) })
  await page.goto(`${cluster.url}schedulers`)
  const row = (name: string) => page.locator(`[data-testid=scheduler-row][data-scheduler=${name}]`)
  await row('package').filter({ hasText: 'after chosen' }).waitFor()
  await row('hourly').getByTestId('scheduler-next').filter({ hasText: /in \d+ min|in 1 h/ }).waitFor()
  await row('gather').filter({ hasText: 'no important change since its last build' }).waitFor()
  await row('steady').getByTestId('scheduler-switch').click()
  await row('steady').getByRole('button', { name: 'Enable' }).waitFor()
  await send('steady', 's3')
  await until('it to be dispatched', async () => (await cluster.rows('SELECT 1 FROM pending_dispatches')).length === 0)
  expect(await revisions('steady')).toEqual(['s2'])
  expect(await run('schedulers', 'enable', 'steady')).toContain('steady is enabled')
  await row('steady').getByRole('button', { name: 'Disable' }).waitFor()
  expect(await run('schedulers')).toMatch(/hourly +periodic +every 1 h/)
  await page.close()
})
