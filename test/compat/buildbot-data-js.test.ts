import { build } from 'esbuild'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CANCELLED, FAILURE, SUCCESS } from '@yardmaster/domain'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { newPage, startBrowser } from '../kit/browser.js'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-data-js-'))
const gate = join(folder, 'gate')
const config = `
import { defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const step = (name, command) => steps.shell({ name, command, logEnviron: false })
export default defineConfig({
  title: 'Known to Buildbot',
  workers: [workers.worker({ name: 'w1', password: 'pw' })],
  builders: [
    { name: 'hello', tags: ['fast'], description: 'Says hello', workers: ['w1'], collapseRequests: false, steps: [step('greet', 'echo hello; echo oops >&2'), steps.setProperty({ property: 'said', value: 'hello' })] },
    { name: 'waits', workers: ['w1'], collapseRequests: false, steps: [step('wait', ${JSON.stringify(`echo begun; while [ ! -e '${gate}' ]; do sleep 0.05; done; echo over`)}), step('fails', 'exit 1')] },
  ],
  schedulers: [schedulers.force({ name: 'force', builders: ['hello', 'waits'], label: 'Now', parameters: [util.intParameter({ name: 'level', default: 1 })] })],
})
`

/** Buildbot's client with what it is made for, and our page around it, for a browser. */
async function bundle(): Promise<string> {
  const require = createRequire(import.meta.url)
  const client = require.resolve('buildbot-data-js')
  const { outputFiles: [bundled] } = await build({
    stdin: { contents: [createRequire(client).resolve('angular'), client, join(import.meta.dirname, 'buildbot-data-page.js')].map(file => `import ${JSON.stringify(file)}`).join('\n'), resolveDir: import.meta.dirname },
    bundle: true, format: 'iife', write: false, logLevel: 'silent',
  })
  return bundled?.text ?? ''
}

type Row = { [field: string]: unknown }
let cluster: Cluster
let browser: Browser
let page: Page
const errors: string[] = []

beforeAll(async () => {
  let script: string
  [cluster, browser, script] = await Promise.all([startCluster({ config, workers: ['w1'] }), startBrowser(), bundle()])
  page = await newPage(browser, { bypassCSP: true })
  page.on('pageerror', error => errors.push(String(error)))
  page.on('console', message => { if (message.type() === 'error') errors.push(message.text()) })
  // The client asks relative to the page that it is on: it is put into ours, instead of what that loads.
  await page.route(/\/assets\//, route => route.fulfill({ contentType: 'text/javascript', body: '' }))
  await page.goto(cluster.url)
  await page.addScriptTag({ content: script })
})
afterAll(async () => {
  await browser?.close()
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const explain = () => onTestFailed(() => { process.stderr.write(`${errors.join('\n')}\n${lastWords(cluster)}\n`) })
const ask = <T>(method: string, ...args: unknown[]): Promise<T> => page.evaluate(`client.${method}(...${JSON.stringify(args)})`)
const get = (path: unknown[], query: object = {}) => ask<Row[]>('get', path, query)
const rowsOf = (name: string) => ask<Row[] | null>('rows', name)
/** The rows of a followed collection as soon as they are right. */
const followed = (name: string, isRight: (rows: Row[]) => boolean): Promise<Row[]> => until(`${name} to be told`, async () => {
  const rows = await rowsOf(name)
  return rows && isRight(rows) && rows
})
type Done = { result?: unknown; refused?: { error: { code: number; message: unknown } } }
const control = (name: string, id: unknown, method: string, params: object = {}) => ask<Done>('control', name, id, method, params)
/** Forced by the client; the numbers of its buildset, builder and request. */
async function force(builder: string, params: object = {}): Promise<{ buildset: number; request: number }> {
  const { result } = await control('schedulers', 'force', 'force', { builderNames: [builder], ...params })
  const [buildset, requests] = result as [number, { [builder: string]: number }]
  return { buildset, request: Object.values(requests)[0] ?? expect.fail('no request') }
}

describe('what there is', () => {
  test('is read with every option of a query', async () => {
    explain()
    expect(await get(['builders'])).toMatchObject([{ name: 'hello', tags: ['fast'], description: 'Says hello', masterids: [expect.any(Number)] }, { name: 'waits' }])
    expect(await get(['builders'], { order: '-name', field: ['builderid', 'name'], limit: 1 })).toEqual([{ builderid: 2, name: 'waits' }])
    expect(await get(['builders'], { order: 'name', offset: 1, limit: 5 })).toMatchObject([{ name: 'waits' }])
    expect(await get(['builders'], { name: ['hello', 'none'] })).toMatchObject([{ builderid: 1 }])
    expect(await get(['builders'], { name__ne: 'hello', builderid__ge: 1 })).toMatchObject([{ builderid: 2 }])
    expect(await get(['builders'], { tags__contains: 'fast' })).toMatchObject([{ builderid: 1 }])
    expect(await get(['builders', 2])).toMatchObject([{ name: 'waits' }])
    expect(await get(['builders', 1, 'forceschedulers'])).toMatchObject([{ name: 'force', label: 'Now', builder_names: ['hello', 'waits'], all_fields: [{ type: 'nested' }, { type: 'nested' }, { name: 'level' }] }])
    expect(await get(['masters'], { active: true })).toEqual(expect.arrayContaining([expect.objectContaining({ masterid: expect.any(Number), last_active: expect.any(Number) })]))
    expect(await get(['changes'], { limit: 10, order: '-changeid' })).toEqual([])
  })
})

describe('what happens', () => {
  test('is seen in the collections that are followed: a build from its request to its log', async () => {
    explain()
    await ask('follow', 'schedulers', 'page', ['forceschedulers'])
    await ask('follow', 'builds', 'page', ['builds'], { order: '-number', property: ['owner', 'level'] })
    await ask('follow', 'requests', 'page', ['buildrequests'], { order: '-buildrequestid' })
    await ask('follow', 'buildsets', 'page', ['buildsets'])
    await followed('schedulers', rows => rows.length === 1)
    for (const name of ['builds', 'requests', 'buildsets']) expect(await followed(name, () => true)).toEqual([])

    const { buildset, request } = await force('hello', { level: '7', reason: 'to see it' })
    const [build] = await followed('builds', rows => rows[0]?.['complete'] === true)
    expect(build).toMatchObject({ buildid: 1, number: 1, builderid: 1, buildrequestid: request, results: SUCCESS, complete_at: expect.any(Number), state_string: 'build successful' })
    expect(await followed('requests', rows => rows[0]?.['complete'] === true)).toMatchObject([{ buildrequestid: request, buildsetid: buildset, results: SUCCESS, claimed: true }])
    expect(await followed('buildsets', rows => rows[0]?.['complete'] === true)).toMatchObject([{ bsid: buildset, reason: "A build was forced by 'anonymous': to see it", results: SUCCESS, sourcestamps: [{ codebase: '' }] }])

    await ask('followOf', 'steps', 'builds', 'steps', {})
    const steps = await followed('steps', rows => rows.length === 2)
    expect(steps).toMatchObject([{ number: 0, name: 'greet', complete: true, results: SUCCESS }, { number: 1, name: 'setProperty', results: SUCCESS }])
    await ask('followOf', 'logs', 'steps', 'logs', {})
    const [log] = await followed('logs', rows => rows.length === 1)
    expect(log).toMatchObject({ name: 'stdio', slug: 'stdio', type: 's', complete: true })
    const [chunk] = await get(['logs', log?.['logid'], 'contents'], { offset: 0, limit: 1000 })
    expect(chunk).toMatchObject({ logid: log?.['logid'], firstline: 0, content: expect.stringMatching(/^h[^]*^ohello$[^]*^eoops$[^]*^hprogram finished with exit code 0$/m) })
    await ask('followOf', 'properties', 'builds', 'properties', {})
    expect(await followed('properties', rows => rows.length === 1)).toMatchObject([{ level: [7, 'Force Build Form'], owner: ['anonymous', 'Force Build Form'], said: ['hello', expect.any(String)], buildername: ['hello', 'Builder'] }])
  })

  test('a build that runs is followed line by line, and stopped', async () => {
    explain()
    await force('waits')
    const isRunning = (row: Row) => row['builderid'] === 2 && row['complete'] === false
    const id = (await followed('builds', rows => rows.some(isRunning))).find(isRunning)?.['buildid']
    await until('its first line', async () => {
      const [step] = await get(['builds', id, 'steps'])
      const [log] = step ? await get(['steps', step['stepid'], 'logs']) : []
      return log && Number(log['num_lines']) > 0
    })
    expect(await control('builds', id, 'stop', { reason: 'seen enough' })).toEqual({ result: null })
    const rows = await followed('builds', all => all.some(row => row['buildid'] === id && row['complete'] === true))
    expect(rows.find(row => row['buildid'] === id)).toMatchObject({ results: CANCELLED, state_string: expect.stringContaining('seen enough') })
    expect(await control('builds', id, 'stop')).toEqual({ result: null })
    expect(await ask<string[]>('keys')).toEqual(expect.arrayContaining([`builds/${String(id)}/new`, `builds/${String(id)}/finished`]))
  })

  test('a build is rebuilt, fails, and a request that waits is cancelled', async () => {
    explain()
    writeFileSync(gate, '')
    const stopped = (await rowsOf('builds'))?.find(row => row['builderid'] === 2)
    expect(await control('builds', stopped?.['buildid'], 'rebuild')).toEqual({ result: [expect.any(Number), { 2: expect.any(Number) }] })
    await followed('builds', rows => rows.some(row => row['builderid'] === 2 && row['results'] === FAILURE))
    await ask('follow', 'workers', 'workers', ['workers'])
    await followed('workers', rows => rows.length === 1)
    expect(await control('workers', 1, 'pause', { reason: 'a look inside' })).toEqual({ result: null })
    await followed('workers', rows => rows[0]?.['paused'] === true && rows[0]['pause_reason'] === 'a look inside')
    const { request } = await force('hello')
    await followed('requests', rows => rows.some(row => row['buildrequestid'] === request))
    expect(await control('requests', request, 'cancel', { reason: 'no' })).toEqual({ result: null })
    await followed('requests', rows => rows.some(row => row['buildrequestid'] === request && row['results'] === CANCELLED))
    expect(await control('workers', 1, 'unpause')).toEqual({ result: null })
    await followed('workers', rows => rows[0]?.['paused'] === false && rows[0]['pause_reason'] === null)
  })
})

test('what is refused is told as Buildbot tells it', async () => {
  explain()
  expect(await control('schedulers', 'force', 'force', { builderNames: ['hello'], level: 'many' })).toEqual({ refused: { id: expect.any(Number), jsonrpc: '2.0', error: { code: -32602, message: { level: expect.any(String) } } } })
  expect(await control('builds', 1, 'dance')).toMatchObject({ refused: { error: { code: -32601, message: 'action: dance is not supported' } } })
  errors.length = 0
})

test('who closes an accessor is told no more', async () => {
  explain()
  await ask('close', 'workers')
  // The closing was heard when a later subscription is answered.
  await ask('follow', 'witness', 'witness', ['masters'])
  await followed('witness', rows => rows.length > 0)
  const before = (await ask<string[]>('keys')).filter(key => key.startsWith('workers/'))
  const { request } = await force('hello')
  await followed('requests', rows => rows.some(row => row['buildrequestid'] === request && row['complete'] === true))
  expect((await ask<string[]>('keys')).filter(key => key.startsWith('workers/'))).toEqual(before)
  expect(errors).toEqual([])
})
