import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startUpcloudSimulator, type UpcloudSimulator } from '@yardmaster/providers/upcloud-simulator'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommandLine } from '../program.js'

const folder = mkdtempSync(join(tmpdir(), 'yard-online-'))
const clock = systemClock()
const random = systemRandom()
let simulator: UpcloudSimulator

beforeAll(async () => {
  const accounts = [{ username: 'main', password: 'pw' }, { username: 'ci', password: 'pw', mainAccount: 'main', allowGui: false, tokens: [{ token: 'ucat_SUB' }] }]
  simulator = await startUpcloudSimulator({ clock, random, home: join(folder, 'cloud'), boot: false, accounts })
})
afterAll(async () => {
  await simulator.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Checks a configuration with these workers; what was printed, and the exit code. */
async function check(workers: string, ...options: string[]): Promise<{ code: number; out: string; err: string }> {
  const file = join(folder, 'yard.config.ts')
  writeFileSync(file, `import { defineConfig, providers, util, workers } from '@yardmaster/config'
const account = { apiToken: util.secret('upcloud'), baseUrl: '${simulator.url}/1.3' }
const image = 'Debian GNU/Linux 12 (Bookworm)'
const userData = util.userData.buildbotWorker()
export default defineConfig({ workers: [${workers}], builders: [{ name: 'b', workers: ['up'], steps: [] }] })
`)
  const out: string[] = []
  const err: string[] = []
  const env = { YARD_SECRET_UPCLOUD: 'ucat_SUB', YARD_HOME: folder }
  const code = await runCommandLine(['check', '-c', file, ...options], { env, clock, random, print: line => out.push(line), warn: line => err.push(line), colours: false, onSignal: () => () => undefined })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

test('what is named outside is there', async () => {
  const { code, out, err } = await check("workers.upcloud({ name: 'up', ...account, image, hostconfig: { userData } })", '--online')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/is right, and what it names outside is there: 1 builder$/)
})

test('each zone and plan of a pool is asked for, and what is wrong is told once', async () => {
  const pool = "workers.pool({ name: 'up', max: 2, zones: ['de-fra1', 'de-fra9'], plans: ['1xCPU-2GB', 'huge'], provider: providers.upcloud({ ...account, image, hostconfig: { userData } }) })"
  const { code, err } = await check(pool, '--online')
  expect(code).toBe(1)
  expect(err.split('\n').filter(line => !line.startsWith('    '))).toEqual(["error: pool 'up' (de-fra1, huge), plan", "error: pool 'up' (de-fra9, 1xCPU-2GB), zone"])
})

test('what depends on the build is said to be left out, and the rest is looked up', async () => {
  const { code, out } = await check("workers.upcloud({ name: 'up', ...account, image: util.property('image'), hostconfig: { userData, zone: 'de-fra9', plan: input => 'x' } })", '--online', '--json')
  const said = JSON.parse(out) as { ok: boolean; online: { severity: string; option: string; pool: string }[] }
  expect(said).toMatchObject({ ok: false, online: [{ severity: 'warning', option: 'image' }, { severity: 'warning', option: 'hostconfig.plan' }, { severity: 'error', option: 'zone', pool: 'up' }] })
  expect(code).toBe(1)
})

test('warnings alone do not fail; without --online nobody is asked', async () => {
  const { code, err } = await check("workers.upcloud({ name: 'up', ...account, image, hostconfig: { zone: 'de-fra9', userData: 'apt-get update' } })")
  expect(code).toBe(0)
  expect(err).toMatch(/yard\.config\.ts:5:\d+ {2}workers\[0\]\.hostconfig\.userData\n {4}worker 'up': does not begin with '#!'[^]*one-time password[^]*\n2 warnings in the configuration\.$/)
})

test('a provider of your own is asked by its function', async () => {
  const functions = "{ version: 1, create: async () => { throw new Error('no') }, list: async () => ({ machines: [], leftovers: [] }), get: async () => null, remove: async () => 'gone', check: async request => [{ severity: 'warning', option: 'size', message: `${request.options.size} is a lot` }] }"
  const { code, err } = await check(`workers.custom({ name: 'up', functions: ${functions}, options: { size: 7 } })`, '--online')
  expect({ code, err }).toEqual({ code: 0, err: "warning: pool 'up', size\n    7 is a lot" })
})

test('an account that does not answer is a finding', async () => {
  const { code, err } = await check("workers.upcloud({ name: 'up', ...account, apiToken: util.secret('nobody'), image, hostconfig: { userData } })", '--online')
  expect(code).toBe(1)
  expect(err).toMatch(/^error: pool 'up', provider\n {4}there is no secret named 'nobody'/)
})
