import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SUCCESS } from '@yardmaster/domain'
import { createYardClient } from '@yardmaster/rest'
import { afterAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster, type ClusterOptions } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-fleet-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const truth = join(folder, 'truth')
const gate = join(folder, 'gate')
const lines = () => (existsSync(truth) ? readFileSync(truth, 'utf8').split('\n').filter(line => line !== '') : [])
const command = (name: string) => `echo begin-${name} >> '${truth}'; while [ ! -e '${gate}' ]; do sleep 0.2; done; echo end-${name} >> '${truth}'`

async function inCluster(options: ClusterOptions, story: (cluster: Cluster) => Promise<void>): Promise<void> {
  const cluster = await startCluster(options)
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  try {
    await story(cluster)
  } finally {
    await cluster.stop()
  }
}

/** How many workers each engine has, by process id. */
const workersByPid = async ({ url }: Cluster) =>
  new Map((await createYardClient({ baseUrl: url }).replicas()).filter(({ role }) => role === 'engine').map(({ pid, workers }) => [pid, workers]))

test('after a second engine has come, idle workers go over to it until both have alike; builds are left alone', async () => {
  const names = Array.from({ length: 12 }, (_, n) => `w${n}`)
  const busy = names.slice(0, 3)
  const config = `
    import { defineConfig, schedulers, steps, workers } from '@yardmaster/config'
    export default defineConfig({
      workers: ${JSON.stringify(names)}.map(name => workers.worker({ name, password: 'pw' })),
      builders: [${names.map(name => `{ name: '${name}', workers: ['${name}'], steps: [steps.shell({ command: ${JSON.stringify(command(name))} })] }`).join(', ')}],
      schedulers: [schedulers.force({ name: 'force', builders: ${JSON.stringify(busy)} })],
    })`
  await inCluster({ config, workers: names, engines: 2 }, async cluster => {
    const [first, second] = cluster.engines
    await second!.stop()
    await until('all workers to be at the first', async () => (await workersByPid(cluster)).get(first!.pid) === names.length)
    await cluster.client.control('forceschedulers/force', 'force', { reason: 'busy' })
    await until('the builds to be under way', () => lines().length === busy.length)
    const sessionsOf = () => cluster.rows(`SELECT w.name, s.number, s.replica_id FROM worker_sessions s JOIN workers w ON w.id = s.worker_id WHERE w.name = ANY($1) ORDER BY 1`, [busy])
    const before = await sessionsOf()
    await second!.start()
    // From above by no more than 20 %, of twelve.
    await until('both to have alike', async () => {
      const counts = await workersByPid(cluster)
      const [mine, others] = [counts.get(first!.pid)!, counts.get(second!.pid)!]
      return mine + others === names.length && mine <= 7 && others <= 7
    })
    expect(await sessionsOf()).toEqual(before)
    writeFileSync(gate, '')
    await until('the builds to end', async () => (await cluster.rows('SELECT 1 FROM builds WHERE results = $1', [SUCCESS])).length === busy.length)
    expect(lines()).toHaveLength(2 * busy.length)
  })
})

test('engines that are limited to builders or labels build only those, and send other workers to each other', async () => {
  const config = `
    import { defineConfig, schedulers, steps, workers } from '@yardmaster/config'
    export default defineConfig({
      workers: [workers.worker({ name: 'phone', password: 'pw' }), workers.worker({ name: 'server', password: 'pw' }), workers.worker({ name: 'gpu', password: 'pw', labels: { gpu: 'a100' } })],
      builders: [
        { name: 'mobile-app', workers: ['phone', 'gpu'], steps: [steps.shell({ command: 'true' })] },
        { name: 'web', workers: ['server', 'gpu'], steps: [steps.shell({ command: 'true' })] },
        { name: 'train', workers: ['gpu'], steps: [steps.shell({ command: 'true' })] },
      ],
      schedulers: [schedulers.force({ name: 'force', builders: ['mobile-app', 'web', 'train'] })],
    })`
  const engineEnv = [{ YARD_BUILDERS: 'mobile-*' }, { YARD_BUILDERS: 'web' }, { YARD_BUILDERS: 'train', YARD_WORKER_LABELS: 'gpu=a100' }]
  await inCluster({ config, workers: ['phone', 'server'], engines: 3, engineEnv }, async cluster => {
    const at = () => cluster.rows<{ name: string; pid: number }>(`SELECT w.name, r.pid FROM worker_sessions s JOIN workers w ON w.id = s.worker_id JOIN replicas r ON r.id = s.replica_id WHERE s.connected ORDER BY 1`)
    const [mobile, web] = cluster.engines
    await until('each worker to be where it is of use', async () => {
      const found = await at()
      return found.length === 2 && found[0]!.pid === mobile!.pid && found[1]!.pid === web!.pid
    })
    await cluster.client.control('forceschedulers/force', 'force', { reason: 'limits' })
    const built = () => cluster.rows<{ name: string; pid: number }>(`SELECT u.name, r.pid FROM builds b JOIN builders u ON u.id = b.builder_id JOIN replicas r ON r.id = b.replica_id WHERE b.results = 0 ORDER BY 1`)
    await until('what has a worker to be built', async () => (await built()).length === 2)
    expect(await built()).toEqual([{ name: 'mobile-app', pid: mobile!.pid }, { name: 'web', pid: web!.pid }])
    const limitsOf = new Map((await createYardClient({ baseUrl: cluster.url }).replicas()).map(({ pid, limits }) => [pid, limits]))
    expect(cluster.engines.map(engine => limitsOf.get(engine.pid))).toEqual([
      { builders: ['mobile-*'], labels: {} }, { builders: ['web'], labels: {} }, { builders: ['train'], labels: { gpu: 'a100' } }])
  })
})

test('an engine of another configuration set builds what ui-api, of the first one, is asked for', async () => {
  const ofSet = (name: string, worker: string) => `
    import { defineConfig, schedulers, steps, workers } from '@yardmaster/config'
    export default defineConfig({
      workers: [workers.worker({ name: '${worker}', password: 'pw' })],
      builders: [{ name: '${name}', workers: ['${worker}'], steps: [steps.shell({ command: 'true' })] }],
      schedulers: [schedulers.force({ name: 'force-${name}', builders: ['${name}'] })],
    })`
  const mobile = join(folder, 'mobile.config.ts')
  writeFileSync(mobile, ofSet('app', 'phone'))
  await inCluster({ config: ofSet('web', 'server'), workers: ['server', 'phone'], engines: 2, engineEnv: [{}, { YARD_SET: 'mobile', YARD_CONFIG: mobile }] }, async cluster => {
    for (const name of ['web', 'app']) {
      await until(`the force scheduler of ${name}`, () => cluster.client.control(`forceschedulers/force-${name}`, 'force', { reason: 'sets' }).then(() => true, () => false))
    }
    const built = () => cluster.rows<{ name: string; pid: number }>(`SELECT u.name, r.pid FROM builds b JOIN builders u ON u.id = b.builder_id JOIN replicas r ON r.id = b.replica_id WHERE b.results = 0 ORDER BY 1`)
    await until('both to be built', async () => (await built()).length === 2)
    expect(await built()).toEqual([{ name: 'app', pid: cluster.engines[1]!.pid }, { name: 'web', pid: cluster.engines[0]!.pid }])
    const [build] = await cluster.rows<{ id: number }>(`SELECT b.id FROM builds b JOIN builders u ON u.id = b.builder_id WHERE u.name = 'app'`)
    await cluster.client.control(`builds/${build!.id}`, 'rebuild')
    await until('its rebuild to be built', async () => (await built()).length === 3)
  })
})
