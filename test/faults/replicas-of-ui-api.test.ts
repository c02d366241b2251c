import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFailed, onTestFinished, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const STRIKES = 3
/** Requests between two strikes. */
const ROUND = 30

/** Whose build has said one thing goes on when a file of the next one's name is here. */
const cues = mkdtempSync(join(tmpdir(), 'yardmaster-cues-'))
const saying = (word: string) => `until [ -e '${cues}/${word}' ]; do sleep 0.1; done; echo ${word}`

const config = `
import { auth, defineConfig, schedulers, steps, workers } from '@yardmaster/config'
export default defineConfig({
  workers: [workers.worker({ name: 'w1', password: 'pw', maxBuilds: 4 })],
  builders: [{ name: 'hello', workers: ['w1'], collapseRequests: false, steps: [steps.shell({ command: 'true', logEnviron: false })] }, ...['talks', 'chats'].map(name => ({
    name, workers: ['w1'], collapseRequests: false,
    steps: [steps.shell({ name: 'first', command: ${JSON.stringify(`echo one; ${saying('two')}`)}, logEnviron: false }), steps.shell({ name: 'second', command: ${JSON.stringify(saying('three'))}, logEnviron: false })],
  }))],
  schedulers: [schedulers.force({ name: 'force', builders: ['hello'] }), schedulers.force({ name: 'talk', builders: ['talks', 'chats'] })],
  www: { auth: auth.users({ ann: 'correct horse battery' }), reading: 'closed' },
})
`
let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster({ config, workers: ['w1'], uiApis: 3 })
  for (const uiApi of cluster.uiApis) uiApi.supervise()
})
afterAll(async () => {
  await cluster?.stop()
  rmSync(cues, { recursive: true })
})

type Answer = { status: number; body: string; cookie: string | null }

async function ask(base: string, path: string, { method = 'GET', headers = {}, body }: { method?: string; headers?: { [name: string]: string }; body?: object } = {}): Promise<Answer> {
  const response = await fetch(`${base}${path}`, { method, headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json', origin: new URL(cluster.url).origin }), ...headers }, ...(body && { body: JSON.stringify(body) }) })
  return { status: response.status, body: await response.text(), cookie: response.headers.getSetCookie().map(line => line.split(';')[0]).join('; ') || null }
}

/** As a browser or a program would: what was broken off, or met nobody, is asked again. Only a refusal to read is an answer that nobody may get. */
async function again(path: string, headers: { [name: string]: string }): Promise<Answer> {
  return until(`an answer of ${path}`, async () => {
    const answer = await ask(cluster.url, path, { headers }).catch(() => null)
    return answer !== null && answer.status !== 502 && answer.status !== 503 ? answer : null
  })
}

async function signIn(): Promise<string> {
  const { status, cookie, body } = await ask(cluster.url, 'auth/login', { method: 'POST', body: { username: 'ann', password: 'correct horse battery' } })
  expect([status, body]).toEqual([200, expect.stringContaining('ann') as string])
  return cookie!
}

const everywhere = (path: string, headers: { [name: string]: string }) => Promise.all(cluster.uiApiUrls.map(async url => (await ask(url, path, { headers })).status))

test('who signs in at one replica is signed in at all of them, and who leaves has left all of them', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  expect(await everywhere('api/v2/builders', {})).toEqual([401, 401, 401])
  const cookie = await signIn()
  expect(await everywhere('api/v2/builders', { cookie })).toEqual([200, 200, 200])
  const made = await ask(cluster.url, 'api/yard/v1/tokens', { method: 'POST', headers: { cookie }, body: { name: 'for all', scopes: ['read'] } })
  const { secret, token } = JSON.parse(made.body) as { secret: string; token: { id: number } }
  const authorization = `Bearer ${secret}`
  expect(await everywhere('api/v2/builders', { authorization })).toEqual([200, 200, 200])
  expect((await ask(cluster.uiApiUrls[2]!, `api/yard/v1/tokens/${token.id}`, { method: 'DELETE', headers: { cookie, 'content-type': 'application/json', origin: new URL(cluster.url).origin } })).status).toBe(200)
  await until('the token to be refused by all', async () => (await everywhere('api/v2/builders', { authorization })).every(status => status === 401))
  expect((await ask(cluster.uiApiUrls[1]!, 'auth/logout', { method: 'POST', headers: { cookie }, body: {} })).status).toBe(200)
  await until('the session to be over at all', async () => (await everywhere('api/v2/builders', { cookie })).every(status => status === 401))
})

test('replicas that are killed cost their clients a request asked again: nobody is signed out, and what was answered has happened once', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  const cookie = await signIn()
  const origin = new URL(cluster.url).origin
  const seen: number[] = []
  const forced: number[] = []
  let unanswered = 0
  const round = async () => {
    for (let at = 0; at < ROUND; at++) {
      seen.push((await again('api/v2/builds?limit=5&order=-buildid', { cookie })).status)
      if (at % 5 !== 0) continue
      const call = { jsonrpc: '2.0', id: at, method: 'force', params: { builderNames: ['hello'] } }
      const answer = await ask(cluster.url, 'api/v2/forceschedulers/force', { method: 'POST', headers: { cookie, origin }, body: call }).catch(() => null)
      if (answer?.status === 200) forced.push((JSON.parse(answer.body) as { result: [number, unknown] }).result[0])
      else unanswered += 1
    }
  }
  for (let strike = 0; strike < STRIKES; strike++) {
    const victim = cluster.uiApis[strike % cluster.uiApis.length]!
    const under = round()
    await victim.kill()
    await under
    await until('it to be back', () => ask(cluster.uiApiUrls[strike % cluster.uiApis.length]!, 'health').then(({ status }) => status === 200, () => false))
  }
  expect(new Set(seen)).toEqual(new Set([200]))
  const [{ made }] = await cluster.rows<{ made: number }>(`SELECT count(*)::int AS made FROM buildsets`) as [{ made: number }]
  expect(new Set(forced).size).toBe(forced.length)
  expect(made).toBeGreaterThanOrEqual(forced.length)
  expect(made).toBeLessThanOrEqual(forced.length + unanswered)
  const owners = await cluster.rows(`SELECT DISTINCT actor FROM buildsets`)
  expect(owners).toEqual([{ actor: 'user:ann' }])
  await until('each of them to be built once', async () => (await cluster.rows('SELECT 1 FROM build_requests WHERE NOT EXISTS (SELECT 1 FROM builds b WHERE b.build_request_id = build_requests.id AND b.results = 0)')).length === 0)
  expect((await cluster.rows('SELECT build_request_id FROM builds GROUP BY 1 HAVING count(*) > 1'))).toEqual([])
})

/** `yard`, as somebody runs it. */
class Following {
  out = ''
  err = ''
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>

  constructor(token: string, ...args: string[]) {
    this.#child = spawn(process.execPath, [join(import.meta.dirname, '../../packages/cli/dist/main.js'), ...args, '--url', cluster.url], { env: { ...process.env, NO_COLOR: '1', YARD_TOKEN: token }, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout?.on('data', chunk => { this.out += chunk })
    this.#child.stderr?.on('data', chunk => { this.err += chunk })
    this.#closed = once(this.#child, 'close')
    onTestFailed(() => { process.stderr.write(`--- yard ${args.join(' ')}\n${this.out}\n${this.err}\n`) })
    onTestFinished(() => { this.#child.kill('SIGKILL') })
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  says(line: string): Promise<unknown> {
    return until(`yard to say ${line}`, () => this.out.split('\n').includes(line))
  }

  async code(): Promise<number | null> {
    await this.#closed
    return this.#child.exitCode
  }
}

test('yard follows a build over replicas that are killed, and over all of them, and is sent away by Ctrl-C alone', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  const made = await ask(cluster.url, 'api/yard/v1/tokens', { method: 'POST', headers: { cookie: await signIn() }, body: { name: 'follows', scopes: ['read', 'force'] } })
  const { secret } = JSON.parse(made.body) as { secret: string }
  const waits = new Following(secret, 'force', 'talks', '--wait')
  await waits.says('one')
  const follows = new Following(secret, 'log', 'talks/1', '--follow')
  const leaves = new Following(secret, 'force', 'chats', '--wait')
  await Promise.all([follows.says('one'), leaves.says('one')])
  leaves.signal('SIGINT')
  expect(await leaves.code()).toBe(130)
  expect(leaves.err).toMatch(/interrupted: build request \d+ goes on without you/)
  // Whichever two of them the streams come from, one is broken off.
  await Promise.all(cluster.uiApis.slice(0, 2).map(uiApi => uiApi.kill()))
  writeFileSync(join(cues, 'two'), '')
  await Promise.all([waits.says('two'), follows.says('two')])
  await Promise.all(cluster.uiApis.map(uiApi => uiApi.kill()))
  writeFileSync(join(cues, 'three'), '')
  expect(await Promise.all([waits.code(), follows.code()])).toEqual([0, 0])
  for (const { out, err } of [waits, follows]) {
    expect(out).toMatch(/^== first\n.*\none\ntwo\n.*== second\n.*\nthree\n.*$/s)
    expect(out.match(/^(?:one|two|three)$/gm)).toEqual(['one', 'two', 'three'])
    expect(err).toMatch(/build \d+: success after/)
  }
  await until('the build that nobody waits for to end, too', async () => (await cluster.rows(`SELECT 1 FROM builds WHERE results IS DISTINCT FROM 0`)).length === 0)
})
