import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openProvider } from '@yardmaster/providers'
import { startUpcloudSimulator, type UpcloudSimulator } from '@yardmaster/providers/upcloud-simulator'
import { createLogger, systemClock, systemRandom } from '@yardmaster/runtime'
import { startCluster, type Cluster } from '../../kit/cluster.js'
import { Truth } from '../../kit/latent-story.js'
import { StubMachines } from './stub-machines.js'

const WORKER = join(import.meta.dirname, '../../../packages/worker/dist/main.js')
const TOKEN = 'ucat_SIMULATOR'
/** Recorded seconds of booting and stopping are this many times as long. */
const TIME_SCALE = 0.03
const SETTLE_SECONDS = 3

/** The cloud, two provisioners in front of it, and somebody else on the same account. */
export type World = { cluster: Cluster; cloud: UpcloudSimulator; installation: string; lanes: string[]; truth: Truth; /** Whose disks were left, and paid for by themselves. */ deletedByHand: Set<string>; /** By the monotonic clock. */ nextStrikeAt: number; close(): Promise<void> }

const realWorker = `#!/bin/sh
mkdir -p "$HOME/worker"
YARD_ENGINE='%(worker:engine)s' YARD_WORKER_NAME='%(worker:name)s' YARD_WORKER_PASSWORD='%(worker:password)s' YARD_WORKER_BASEDIR="$HOME/worker" exec '${process.execPath}' '${WORKER}'
`

type Said = { lanes: string[]; baseUrl: string; command: string; userData: string }

function configOf({ lanes, baseUrl, command, userData }: Said): string {
  return `
import { defineConfig, providers, schedulers, steps, util, workers } from '@yardmaster/config'
const lanes = ${JSON.stringify(lanes)}
const provider = providers.upcloud({ apiToken: '${TOKEN}', baseUrl: '${baseUrl}/1.3', image: 'Debian GNU/Linux 12 (Bookworm)', hostconfig: { userData: util.interpolate(${JSON.stringify(userData)}) } })
export default defineConfig({
  workers: lanes.map((name, at) => workers.pool({ name, provider, max: 2, buildWaitTimeout: at % 2, missingTimeout: 12, checkInstanceInterval: 1, zones: ['de-fra1', 'fi-hel1', 'nl-ams1'] })),
  builders: lanes.map(name => ({ name, workers: [name], collapseRequests: false, steps: [steps.shell({ command: util.interpolate(${JSON.stringify(command)}), logEnviron: false })] })),
  schedulers: [schedulers.force({ name: 'force', builders: lanes, parameters: [util.stringParameter({ name: 'seconds', default: '0' })] })],
})
`
}

export type WorldOptions = { lanes: number; seed: number; /** Machines run our own worker; else their workers are connections of the test. */ realWorkers: boolean }

/** Pools beside each other, each with a builder of its name. */
export async function startWorld({ lanes: laneCount, seed, realWorkers }: WorldOptions): Promise<World> {
  const [clock, random] = [systemClock(), systemRandom()]
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-cloud-'))
  const cloud = await startUpcloudSimulator({ clock, random, home: join(folder, 'cloud'), seed, timeScale: TIME_SCALE, bootSeconds: [23, 28, 34, 50, 61], stopSeconds: [6, 12, 20] })
  await settleOthers(cloud)
  const stubs = new StubMachines(folder, clock, random)
  stubs.follow(cloud)
  const lanes = Array.from({ length: laneCount }, (_, at) => `lane${at}`)
  const truth = new Truth(folder)
  const cluster = await startCluster({ config: configOf({ lanes, baseUrl: cloud.url, command: truth.running('%(prop:seconds)s'), userData: realWorkers ? realWorker : stubs.userData }), workers: [], provisioners: 2, env: { YARD_MACHINE_SETTLE: String(SETTLE_SECONDS) } })
  const [row] = await cluster.rows<{ id: string }>('SELECT id FROM installation')
  for (const provisioner of cluster.provisioners) provisioner.supervise()
  return {
    cluster, cloud, lanes, truth, installation: row!.id, deletedByHand: new Set(), nextStrikeAt: 0,
    async close() {
      await cluster.stop()
      stubs.close()
      await cloud.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Another installation's machines, one that nobody has labelled, and a disk of somebody's: under names that look like ours. */
async function settleOthers(cloud: UpcloudSimulator): Promise<void> {
  const [clock, random] = [systemClock(), systemRandom()]
  const provider = await openProvider('upcloud', { apiToken: TOKEN, apiUsername: null, apiPassword: null, baseUrl: `${cloud.url}/1.3` }, { clock, random, home: tmpdir(), logger: createLogger({ name: 'other', level: 'error' }) })
  const options = { image: 'Debian GNU/Linux 11 (Bullseye)', hostconfig: { zone: 'de-fra1', plan: '1xCPU-2GB', userData: '#!/bin/sh\nexec sleep 100000\n', sshKeys: [], networks: [], labels: {}, metadata: true, firewall: false, publicNetwork: true, utilityNetwork: true, storageTier: 'maxiops', timezone: 'UTC', simpleBackup: 'no' } }
  for (const [installation, attempt] of [['another-installation', 1], ['another-installation', 2]] as const) {
    const label = { installation, worker: 'lane0-1', attempt }
    await provider.create({ label, name: `other-${attempt}`, options, zone: null, plan: null, worker: { name: 'lane0-1', password: 'theirs', engines: ['ws://theirs:1'] } }, new AbortController().signal)
  }
  const answer = await fetch(`${cloud.url}/1.3/storage`, {
    method: 'POST', headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }, body: JSON.stringify({ storage: { size: '10', tier: 'maxiops', title: 'yard-lane0-1', zone: 'de-fra1' } }),
  })
  if (!answer.ok) throw new Error(`the storage of somebody else could not be made: ${answer.status} ${await answer.text()}`)
}

type Thing = { title: string; uuid: string; labels: { [key: string]: string } }

/** Disks cannot be labelled by the request that makes them: they have their machine's name. */
export const isOurs = ({ title, labels }: Pick<Thing, 'title' | 'labels'>, installation: string): boolean =>
  Object.values(labels).includes(installation) || (title.startsWith('yard-') && title.includes(`-${installation.replaceAll('-', '').slice(0, 8)}-`))

/** What is there of ours, and of others. */
export function inventory({ cloud, installation }: Pick<World, 'cloud' | 'installation'>) {
  const { servers, storages } = cloud.state()
  const things: Thing[] = [...servers, ...storages]
  const tell = ({ title, uuid }: Thing) => `${title} ${uuid}`
  const ours = things.filter(thing => isOurs(thing, installation)).map(tell)
  return { all: ours, ours: (lane: string) => ours.filter(told => told.startsWith(`yard-${lane}-`)), others: things.filter(thing => !isOurs(thing, installation)).map(tell).sort() }
}
