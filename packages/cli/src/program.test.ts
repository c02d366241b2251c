import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { manualClock, systemRandom } from '@yardmaster/runtime'
import { afterEach, expect, test } from 'vitest'
import type { Context } from './context.js'
import { freePort } from './local/index.js'
import { runCommandLine } from './program.js'

const servers: Server[] = []
afterEach(() => { for (const server of servers.splice(0)) server.close() })

function world(env: NodeJS.ProcessEnv = {}) {
  const out: string[] = []
  const err: string[] = []
  const context: Context = { env, clock: manualClock(1_000_000_000), random: systemRandom(), print: line => out.push(line), warn: line => err.push(line), colours: false, onSignal: () => () => undefined }
  return { out, err, run: (...args: string[]) => runCommandLine(args, context) }
}

type Answers = { [request: string]: object }
type Posted = { path: string; body: unknown }

/** A far end on a real socket: answers by `path?query`. */
async function remoteYardmaster(answers: Answers): Promise<{ url: string; posted: Posted[] }> {
  const posted: Posted[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => { body += chunk })
    request.on('end', () => {
      const path = decodeURIComponent((request.url ?? '').replace('/api/v2/', ''))
      if (request.method === 'POST') posted.push({ path, body: JSON.parse(body) })
      const answer = answers[path]
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answer === undefined ? { error: `no ${path}` } : { meta: {}, ...answer }))
    })
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, posted }
}

const hello = { builderid: 3, name: 'hello', description: null, description_format: null, description_html: null, projectid: null, tags: ['linux'], masterids: [1] }
const build = { buildid: 7, number: 2, builderid: 3, workerid: 1, buildrequestid: 9, complete: true, results: 2, state_string: 'failed make', started_at: 999_990, complete_at: 999_995, masterid: 1, locks_duration_s: 0, properties: {} }
const force = (name: string, builder: string) => ({ name, builder_names: [builder], button_name: name, label: name, enabled: true, all_fields: [] })

test('settings come from flags, environment and defaults, and passwords are masked', async () => {
  const { run, out } = world({ YARD_PORT: '9000', DATABASE_URL: 'postgresql://me:hunter2@db/x' })
  expect(await run('config', '--json', '--worker-port', '9001')).toBe(0)
  const settings: { env: string; value: string; origin: string }[] = JSON.parse(out.join('\n'))
  const shown = (env: string) => settings.find(setting => setting.env === env)
  expect(shown('YARD_PORT')).toMatchObject({ value: '9000', origin: 'environment' })
  expect(shown('YARD_WORKER_PORT')).toMatchObject({ value: '9001', origin: 'flag' })
  expect(shown('YARD_HOST')).toMatchObject({ value: '127.0.0.1', origin: 'default' })
  expect(out.join('\n')).not.toContain('hunter2')
})

test('a configuration that is a folder is a sentence', async () => {
  const { run, err } = world()
  expect(await run('check', '-c', '/')).toBe(1)
  expect(err.join('\n')).toBe('the configuration / is not a file: name the file itself with -c or YARD_CONFIG')
})

test('a wrong setting is a sentence', async () => {
  const { run, err } = world({ YARD_PORT: 'many' })
  expect(await run('config')).toBe(1)
  expect(err.join('\n')).toBe('YARD_PORT: expected a whole number from 0 to 65535, found "many"')
})

test('nobody there is a sentence', async () => {
  const port = await freePort()
  const { run, err } = world({ YARD_PORT: String(port) })
  expect(await run('builders')).toBe(1)
  expect(err.join('\n')).toBe(`no Yardmaster answers at http://127.0.0.1:${port} (connection refused): start one with "yard up", or name its address with --url or YARD_PORT`)
})

test('builds are a table, or JSON', async () => {
  const { url } = await remoteYardmaster({ 'builds?order=-buildid&limit=20': { builds: [build] }, builders: { builders: [hello] } })
  const people = world()
  expect(await people.run('builds', '--url', url)).toBe(0)
  expect(people.out).toEqual(['ID  BUILD    RESULT   STARTED   TOOK   STATE', '7   hello/2  failure  10 s ago  5.0 s  failed make'])
  const scripts = world()
  expect(await scripts.run('builds', '--url', url, '--json')).toBe(0)
  expect(JSON.parse(scripts.out.join(''))).toEqual([build])
})

test('a mistyped builder is told the right ones', async () => {
  const { url } = await remoteYardmaster({ builders: { builders: [hello] } })
  const { run, err } = world()
  expect(await run('force', 'helo', '--url', url)).toBe(1)
  expect(err).toEqual(['there is no builder "helo"; there are: hello'])
})

test('force sends what was given through the builder\'s force scheduler', async () => {
  const { url, posted } = await remoteYardmaster({
    builders: { builders: [hello] },
    forceschedulers: { forceschedulers: [force('other', 'x'), force('force', 'hello')] },
    'forceschedulers/force': { jsonrpc: '2.0', id: 1, result: [4, { 3: 9 }] },
  })
  const { run, out } = world()
  expect(await run('force', 'hello', '--url', url, '--branch', 'topic', '--property', 'a=1', '--property', 'b=x=y', '--json')).toBe(0)
  expect(posted).toEqual([{ path: 'forceschedulers/force', body: { jsonrpc: '2.0', id: 1, method: 'force', params: { a: '1', b: 'x=y', branch: 'topic', builderid: 3 } } }])
  expect(out).toEqual(['{"buildsetid":4,"buildrequestid":9}'])
})

test('a log is printed without its stream letters, and following a failed build ends with 1', async () => {
  const { url } = await remoteYardmaster({
    'builds?order=-buildid&limit=1': { builds: [build] }, 'builds/7': { builds: [build] },
    'builds/7/steps?order=number': { steps: [{ stepid: 5, number: 0, name: 'make', buildid: 7, started_at: 1, locks_acquired_at: 1, complete: true, complete_at: 2, results: 2, state_string: 'failed', urls: [], hidden: false }] },
    'steps/5/logs': { logs: [{ logid: 8, name: 'stdio', slug: 'stdio', stepid: 5, type: 's', complete: true, num_lines: 3 }] },
    'logs/8/contents?offset=0&limit=1000': { logchunks: [{ logid: 8, firstline: 0, content: 'hmake\nook\neoops\n' }] },
  })
  const { run, out, err } = world()
  expect(await run('log', 'last', '--follow', '--url', url)).toBe(1)
  expect(out).toEqual(['== make', 'make', 'ok', 'oops'])
  expect(err).toEqual(['build 7: failure after 5.0 s (failed make)'])
})

test.each(['', 'up', 'engine', 'check', 'force', 'log', 'status', 'builders', 'builds', 'stop', 'priority', 'release', 'cancel', 'config'])('help has an example: yard %s --help', async command => {
  const { run, out } = world()
  expect(await run(...(command === '' ? [] : [command]), '--help')).toBe(0)
  expect(out.join('\n')).toMatch(/Examples?:\n {2}\$ /)
})
