import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CANCELLED, SKIPPED, SUCCESS } from '@yardmaster/domain'
import { createYardClient, type YardClient } from '@yardmaster/rest'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, onTestFailed, test } from 'vitest'
import { newPage, startBrowser } from '../kit/browser.js'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { allBuilt, force } from '../kit/latent-story.js'
import type { CommitPoint } from '../kit/postgres-proxy.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-queue-'))
const open = (builder: string) => { writeFileSync(join(folder, builder), '') }
const config = `
import { changeHooks, defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const gated = (name, worker, more = {}) => ({ name, workers: [worker], ...more,
  steps: [steps.shell({ name: 'wait', command: "while [ ! -e '${folder}/" + name + "' ]; do sleep 0.05; done", logEnviron: false })] })
export default defineConfig({
  title: 'Yard',
  workers: ['w1', 'w2', 'gone', 'back'].map(name => workers.worker({ name, password: 'pw' })),
  collapseRequests: false,
  builders: [
    gated('merges', 'w1', { collapseRequests: (older, newer) => ({ properties: { merged: [...(older.properties.merged ?? [older.id]), newer.id] } }) }),
    gated('gated', 'w1'),
    gated('limited', 'gone', { maxPending: { limit: 2, action: 'drop-oldest' } }),
    gated('held', 'back', { noWorkerTimeout: { after: 1, action: 'hold' } }),
    gated('linux', 'w2'),
    gated('arm', 'w2'),
    { name: 'mac', workers: ['w2'], steps: [steps.shell({ name: 'fail', command: ['false'] })] },
  ],
  changeHooks: [changeHooks.base()],
  schedulers: [
    schedulers.force({ name: 'force', builders: ['merges', 'gated', 'limited', 'held'] }),
    schedulers.anyBranch({ name: 'any', builders: ['linux'], changeFilter: util.changeFilter({ branch: /^(topic|main)/ }) }),
    schedulers.anyBranch({ name: 'both', builders: ['arm', 'mac'], changeFilter: util.changeFilter({ branch: 'both' }) }),
  ],
  services: [
    util.oldBuildCanceller({ name: 'tidy', filters: [{ builders: ['linux'], filter: util.changeFilter({ branch: /^topic/ }) }] }),
    util.failingBuildsetCanceller({ name: 'fast', filters: [{ buildsTriggeredBy: ['mac'] }] }),
  ],
})
`

let cluster: Cluster
let browser: Browser
let yard: YardClient
beforeAll(async () => {
  [cluster, browser] = await Promise.all([startCluster({ config, workers: ['w1', 'w2', 'back'], schedulers: 2 }), startBrowser()])
  yard = createYardClient({ baseUrl: cluster.url })
}, 90_000)
afterAll(async () => {
  await browser?.close()
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => { onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) }) })

type Row = { id: number; state: string; hold: string | null; results: number | null; reason: string | null; build: number | null; stopped: string | null; actor: string | null; stops: number | null; merged: [number[], string] | null; branch: string | null; revision: string | null }
const requests = (builder: string): Promise<Row[]> => cluster.rows<Row>(
  `SELECT r.id, r.state, r.hold, r.results, r.end_reason AS reason, x.number AS build, x.stop_reason AS stopped, x.stop_actor AS actor, x.stop_requests AS stops, x.properties->'merged' AS merged, t.branch, t.revision
   FROM build_requests r JOIN builders b ON b.id = r.builder_id LEFT JOIN builds x ON x.build_request_id = r.id
   JOIN buildset_sourcestamps bs ON bs.buildset_id = r.buildset_id JOIN sourcestamps t ON t.id = bs.sourcestamp_id WHERE b.name = $1 ORDER BY r.id`, [builder])
const running = (builder: string) => until(`a build of ${builder} to run`, async () => (await requests(builder)).some(row => row.build !== null && row.state === 'claimed'))

async function push(revision: string, branch: string): Promise<void> {
  const body = JSON.stringify({ author: 'Ann', comments: revision, revision, branch, repository: '/repo', files: ['a.c'] })
  expect((await fetch(`${cluster.url}change_hook/base`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })).ok).toBe(true)
}

test('a function says what collapses, and what it merges is built', async () => {
  const [first] = await force(cluster, 'merges')
  await running('merges')
  const [second, third, fourth] = await force(cluster, 'merges', { times: 3 })
  await until('one to wait for the others', async () => (await requests('merges')).filter(row => row.state === 'pending' && row.hold === null).length === 1 && (await requests('merges')).at(-1)!.hold === null)
  open('merges')
  await allBuilt(cluster, [first!, fourth!])
  const rows = await requests('merges')
  expect(rows.map(row => row.results)).toEqual([SUCCESS, SKIPPED, SKIPPED, SUCCESS])
  expect(rows[1]!.reason).toBe(`collapsed: request ${third} asks for the same`)
  expect(rows[3]!.merged).toEqual([[second, third, fourth], 'Collapse'])
})

test('a request says why it waits, and is moved before the others, on its page', async () => {
  const [first, second, third] = await force(cluster, 'gated', { times: 3 })
  await running('gated')
  const page = await newPage(browser, { viewport: { width: 1280, height: 800 } })
  await page.goto(`${cluster.url}buildrequests/${third}`)
  const explained = page.getByTestId('explained')
  await explained.filter({ hasText: 'Worker w1 is busy' }).filter({ hasText: '1 request of its builder is ahead of it.' }).waitFor()
  expect((await yard.explain('requests', third))[0]!.request).toMatchObject({ workers: [{ name: 'w1', why: 'is busy', running: [{ builder: 'gated', number: 1 }] }] })
  await page.getByTestId('priority-up').click()
  await page.getByTestId('priority').filter({ hasText: /^1$/ }).waitFor()
  await explained.filter({ hasNotText: 'ahead of it' }).waitFor()
  open('gated')
  await allBuilt(cluster, [first!, second!, third!])
  expect((await requests('gated')).map(row => row.build)).toEqual([1, 3, 2])
  await page.close()
})

test('no more wait than their builder lets; a whole buildset is cancelled', async () => {
  const [first, second, third] = await force(cluster, 'limited', { times: 3 })
  expect((await requests('limited')).map(row => [row.id, row.state, row.reason])).toEqual([
    [first, 'complete', 'dropped for newer ones: builder limited lets 2 requests wait'], [second, 'pending', null], [third, 'pending', null]])
  const page = await newPage(browser, { viewport: { width: 1280, height: 800 } })
  await page.goto(`${cluster.url}buildrequests/${first}`)
  await page.getByTestId('explained').filter({ hasText: 'dropped for newer ones' }).waitFor()
  await page.goto(`${cluster.url}buildrequests/${second}`)
  await page.getByTestId('cancel-buildset-button').click()
  await page.getByTestId('explained').filter({ hasText: 'It has ended without a build: cancelled on the web page (by user:anonymous).' }).waitFor()
  await page.close()
  expect(await yard.cancelRequest(third!)).toEqual({ cancelled: 1, stopping: 0 })
})

test('without a worker for too long a request is held until somebody releases it', async () => {
  open('held')
  await cluster.workers[2]!.stop()
  await until('its session to be over', async () => (await yard.worker('back')).connected === null)
  const [request] = await force(cluster, 'held')
  await until('it to be held', async () => (await requests('held'))[0]!.hold === 'worker')
  await cluster.workers[2]!.start()
  await until('the worker to be back', async () => (await yard.worker('back')).connected !== null)
  const page = await newPage(browser, { viewport: { width: 1280, height: 800 } })
  await page.goto(`${cluster.url}buildrequests/${request}`)
  await page.getByTestId('explained').filter({ hasText: 'no worker of builder held was connected for 1 s' }).waitFor()
  expect((await requests('held'))[0]).toMatchObject({ state: 'pending', build: null })
  await page.getByTestId('release-button').click()
  await allBuilt(cluster, [request!])
  await page.close()
})

/** The scheduler that comes to the point first is killed, and starts again. */
async function strike(point: CommitPoint): Promise<void> {
  const restarts: Promise<void>[] = []
  await new Promise<void>(resolve => {
    for (const [index, victim] of cluster.schedulers.entries()) cluster.schedulerProxies[index]!.at(point, () => {
      victim.signal('SIGKILL')
      restarts.push(victim.ended.then(() => victim.start()))
      resolve()
    })
  })
  for (const proxy of cluster.schedulerProxies) proxy.at({ transaction: /(?!)/, when: point.when }, () => {})
  await Promise.all(restarts)
}

test.each([['before the commit', 'topic-1'], ['after the commit', 'topic-2']] as const)('builds of older changes are stopped once, though schedulers are killed %s', async (when, branch) => {
  const of = async (name: string) => (await requests('linux')).filter(row => row.branch === name)
  await push('main-1', `main-${branch}`)
  await push('r1', branch)
  await until('two requests', async () => (await requests('linux')).filter(row => row.branch === branch || row.branch === `main-${branch}`).length === 2)
  await push('main-2', `main-${branch}`)
  const struck = strike({ transaction: /SELECT 1 FROM pending_cancellations WHERE id = \$1 FOR UPDATE/, when })
  await push('r2', branch)
  await struck
  await until('the older one to end', async () => (await of(branch))[0]!.state === 'complete', 60_000)
  await until('nothing to be left to ask', async () => (await cluster.rows('SELECT 1 FROM pending_cancellations')).length === 0, 60_000)
  const [older, newer] = await of(branch)
  expect([older!.results, newer!.results]).toEqual([CANCELLED, null])
  expect(older!.stopped ?? older!.reason).toMatch(/^a newer change of its branch is to be built, by buildset \d+ \(tidy\)$/)
  expect(older!.stops ?? 1).toBe(1)
  expect((await of(`main-${branch}`)).map(row => row.results)).toEqual([null, null])
}, 120_000)

test('what is left of a buildset of which a build failed is cancelled', async () => {
  await push('x', 'both')
  await until('the rest of the buildset to end', async () => (await requests('arm'))[0]?.state === 'complete', 60_000)
  const [arm] = await requests('arm')
  expect(arm!.results).toBe(CANCELLED)
  expect(arm!.stopped ?? arm!.reason).toBe('a build of its buildset failed on mac (fast)')
})
