import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EXCEPTION } from '@yardmaster/domain'
import { startUpcloudSimulator, type UpcloudSimulator } from '@yardmaster/providers/upcloud-simulator'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { allBuilt, expectUndisturbed, force, ledger, nothingLeft } from '../kit/latent-story.js'
import { programs } from '../kit/role-process.js'
import { stockWorkerProgram } from '../kit/stock-worker.js'
import { until } from '../kit/until.js'

const token = 'ucat_STORY'
const home = mkdtempSync(join(tmpdir(), 'yardmaster-upcloud-'))
const ownWorker = `${process.execPath} ${join(import.meta.dirname, '../..', programs.worker)}`

const config = (baseUrl: string) => `
import { defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const own = util.userData.yardmasterWorker({ command: ${JSON.stringify(ownWorker)} })
const machine = (name, userData, { image = 'Debian GNU/Linux 12 (Bookworm)', ...hostconfig } = {}) => workers.upcloud({
  name, apiToken: util.secret('upcloud'), baseUrl: '${baseUrl}', image, buildWaitTimeout: 0, checkInstanceInterval: 1, hostconfig: { userData, ...hostconfig },
})
const builder = name => ({ name, workers: [name], steps: [steps.shell({ command: 'echo "on $(hostname)"; sleep 0.1' })] })
export default defineConfig({
  workers: [
    machine('stock', util.userData.buildbotWorker({ packages: ['git'] })),
    machine('old_name', util.userData.buildbotSlave({ before: 'date +%s' })),
    machine('own', own),
    machine('sized', own, { plan: util.property('plan'), zone: input => input.property('zone') }),
    machine('mistaken', own, { image: 'Debian 12' }),
  ],
  builders: ['stock', 'old_name', 'own', 'sized', 'mistaken'].map(builder),
  schedulers: [schedulers.force({ name: 'force', builders: ['stock', 'old_name', 'own', 'sized', 'mistaken'], parameters: ['plan', 'zone'].map(name => util.stringParameter({ name, default: '' })) })],
})
`

describe.skipIf(stockWorkerProgram === null)('machines of UpCloud that start their worker by user_data', () => {
  let simulator: UpcloudSimulator
  let cluster: Cluster
  /** One-time passwords, as the machines got them. */
  const passwords = new Set<string>()
  const userDataOf = (uuid: string) => join(home, 'machines', uuid, 'user-data')

  beforeAll(async () => {
    simulator = await startUpcloudSimulator({ clock: systemClock(), random: systemRandom(), home, timeScale: 0.02, accounts: [{ username: 'main', password: 'pw', tokens: [{ token }] }] })
    simulator.onChange(({ uuid }) => {
      const script = existsSync(userDataOf(uuid)) ? readFileSync(userDataOf(uuid), 'utf8') : ''
      const password = script.match(/END_OF_PASSWORD'\n(.+)\nEND_OF_PASSWORD/)?.[1]
      if (password !== undefined) passwords.add(password)
    })
    cluster = await startCluster({ config: config(`${simulator.url}/1.3`), workers: [], env: { YARD_SECRET_UPCLOUD: token, YARD_MACHINE_SETTLE: '2' } })
  })
  afterAll(async () => {
    await cluster?.stop()
    await simulator?.close()
    rmSync(home, { recursive: true, force: true })
  })

  const tellWhenFailed = () => onTestFailed(async () => {
    const outputs = simulator.state().servers.map(({ uuid, title, state }) => `--- ${title} (${state})\n${simulator.output(uuid)}`)
    process.stderr.write(`${lastWords(cluster)}\n${JSON.stringify(await ledger(cluster), null, 1)}\n${outputs.join('\n')}\n`)
  })

  /** Builds of these builders at once, each on a machine that is made for it, after which nothing is left. */
  async function builtOnce(...builders: string[]): Promise<void> {
    const requests = (await Promise.all(builders.map(builder => force(cluster, builder)))).flat()
    await allBuilt(cluster, requests)
    await expectUndisturbed(cluster, requests)
    await nothingLeft(cluster)
    await until('nothing to be left at UpCloud', () => simulator.state().servers.length === 0 && simulator.state().storages.length === 0)
  }

  test('a build runs on a stock buildbot-worker that user_data has installed, by both of its names, and on our own', async () => {
    tellWhenFailed()
    await builtOnce('stock', 'old_name', 'own')
    const sessions = await cluster.rows<{ name: string; protocol: string }>('SELECT w.name, s.protocol FROM worker_sessions s JOIN workers w ON w.id = s.worker_id WHERE s.number > 0 ORDER BY w.name')
    expect(sessions.map(({ name, protocol }) => [name, protocol])).toEqual([['old_name', 'msgpack'], ['own', expect.not.stringMatching('msgpack')], ['stock', 'msgpack']])
  })

  test('a machine is what the build that it is started for asks for', async () => {
    tellWhenFailed()
    const made = new Set<string>()
    simulator.onChange(({ uuid }) => { for (const { plan, zone } of simulator.state().servers.filter(server => server.uuid === uuid)) made.add(`${plan} in ${zone}`) })
    const requests = await force(cluster, 'sized', { values: { plan: '2xCPU-4GB', zone: 'fi-hel1' } })
    await allBuilt(cluster, requests)
    await expectUndisturbed(cluster, requests)
    expect([...made]).toEqual(['2xCPU-4GB in fi-hel1'])
    await nothingLeft(cluster)
  })

  test('an image that is not there ends the build once, which says what there is', async () => {
    tellWhenFailed()
    const requests = await force(cluster, 'mistaken')
    await allBuilt(cluster, requests)
    const builds = await cluster.rows<{ results: number; state_string: string }>('SELECT results, state_string FROM builds WHERE build_request_id = ANY($1)', [requests])
    expect(builds).toEqual([{ results: EXCEPTION, state_string: expect.stringContaining("there is no image with the title 'Debian 12'; there are 'Debian GNU/Linux") }])
    await nothingLeft(cluster)
  })

  test('the second, the third and the tenth start of a named worker are as good as the first', async () => {
    tellWhenFailed()
    for (let start = 2; start <= 10; start++) await builtOnce('own', ...(start <= 3 ? ['stock'] : []))
    const rows = await ledger(cluster)
    expect(rows.filter(({ worker }) => worker === 'own').map(({ attempt, uses, failure }) => ({ attempt, uses, failure }))).toEqual(Array.from({ length: 10 }, (_, index) => ({ attempt: index + 1, uses: 1, failure: null })))
    expect(rows.filter(({ worker }) => worker === 'stock').map(({ attempt, uses, failure }) => ({ attempt, uses, failure }))).toEqual([1, 2, 3].map(attempt => ({ attempt, uses: 1, failure: null })))
  })

  test("no machine's password, and no token, is in a log, a row or an event", async () => {
    tellWhenFailed()
    expect(passwords.size).toBe(15)
    const said = cluster.processes().flatMap(({ lines }) => lines).join('\n')
    const tables = await cluster.rows<{ name: string }>("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'")
    const rows = (await Promise.all(tables.map(({ name }) => cluster.rows<{ text: string }>(`SELECT t::text AS text FROM "${name}" t`)))).flat().map(({ text }) => text).join('\n')
    for (const secret of [token, ...passwords]) {
      expect(said.includes(secret)).toBe(false)
      expect(rows.includes(secret)).toBe(false)
    }
    // It was looked for where it would be.
    for (const password of passwords) expect(rows).toContain(createHash('sha256').update(password).digest('hex'))
  })
})
