import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const STRIKES = 3
/** Requests between two strikes. */
const ROUND = 30

const config = `
import { auth, defineConfig, schedulers, steps, workers } from '@yardmaster/config'
export default defineConfig({
  workers: [workers.worker({ name: 'w1', password: 'pw', maxBuilds: 4 })],
  builders: [{ name: 'hello', workers: ['w1'], collapseRequests: false, steps: [steps.shell({ command: 'true', logEnviron: false })] }],
  schedulers: [schedulers.force({ name: 'force', builders: ['hello'] })],
  www: { auth: auth.users({ ann: 'correct horse battery' }), reading: 'closed' },
})
`
let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster({ config, workers: ['w1'], uiApis: 3 })
  for (const uiApi of cluster.uiApis) uiApi.supervise()
})
afterAll(() => cluster?.stop())

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
