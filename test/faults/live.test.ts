import { connectBus } from '@yardmaster/bus'
import { builds, type Build, type Client } from '@yardmaster/rest'
import { createLogger, systemClock } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { startNats, type TestServer } from '../kit/servers.js'
import { until } from '../kit/until.js'
import { rngOf } from './campaign/rng.js'

const clock = systemClock()
const LONG = process.env['YARD_TEST_LONG'] === '1'
const SEED = Number(process.env['YARD_LIVE_SEED'] ?? 7)
const FOLLOWERS = LONG ? 60 : 10
const STRIKES = LONG ? 24 : 4
/** In turns, of replicas that chance picks. */
const faults = ['kill', 'freeze', 'stop', 'nats'] as const
const SETTLED_MS = 120_000
const builders = ['b0', 'b1', 'b2']

const config = `
import { defineConfig, schedulers, steps, workers } from '@yardmaster/config'
const builders = ${JSON.stringify(builders)}
export default defineConfig({
  workers: [workers.worker({ name: 'w0', password: 'pw', maxBuilds: 3 })],
  builders: builders.map(name => ({ name, workers: ['w0'], collapseRequests: false, steps: [steps.shell({ name: 'runs', command: ['sleep', '0.2'], logEnviron: false })] })),
  schedulers: [schedulers.force({ name: 'force', builders })],
})
`

let nats: TestServer
let cluster: Cluster
beforeAll(async () => {
  nats = await startNats()
  cluster = await startCluster({ config, workers: ['w0'], uiApis: LONG ? 3 : 2, env: { NATS_URL: nats.url } })
  for (const uiApi of cluster.uiApis) uiApi.supervise()
})
afterAll(async () => {
  await cluster?.stop()
  await nats?.stop()
})

/** What a page would show: builds as it read them, kept true by events. */
class Follower {
  readonly shown = new Map<number, Build>()
  readonly ends: string[] = []
  readonly heard: string[] = []
  resyncs = 0
  breaks = 0
  connected = false
  readonly #client: Client
  readonly #abort = new AbortController()
  readonly #done: Promise<void>

  constructor(client: Client, random: () => number) {
    this.#client = client
    this.#done = client.follow(['builds/*/*', 'buildsets/*/complete'], {
      signal: this.#abort.signal, random, wait: (ms, signal) => clock.sleep(ms, signal),
      onConnected: connected => {
        if (connected && this.breaks === 0 && !this.connected) void this.#read()
        if (!connected) this.breaks += 1
        this.connected = connected
      },
      onResync: () => {
        this.resyncs += 1
        void this.#read()
      },
      onEvent: ({ k, m }) => {
        this.heard.push(k)
        if (k.startsWith('builds/')) this.#show(builds.schema.parse(m))
      },
    })
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await this.#done
  }

  /** Each event, which is told once in a build's life, in the order in which it was heard. */
  get story(): string[] {
    return this.heard.filter(key => /\/(?:new|finished|complete)$/.test(key))
  }

  async #read(): Promise<void> {
    const { rows } = await until('a page to be read', () => this.#client.list(builds, 'builds', { order: 'buildid' }).catch(() => null), SETTLED_MS)
    for (const build of rows) this.#show(build)
  }

  #show(build: Build): void {
    if (this.shown.get(build.buildid)?.complete !== true) this.shown.set(build.buildid, build)
  }
}

async function force(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await until('a build to be forced', () => cluster.client.control('forceschedulers/force', 'force', { builderid: 1 + (n % builders.length) }).catch(() => null), SETTLED_MS)
}

const allOver = () => until('all builds to end and all events to be sent', async () => {
  const [row] = await cluster.rows<{ open: number; unsent: number }>('SELECT (SELECT count(*)::int FROM build_requests WHERE complete_at IS NULL) AS open, (SELECT count(*)::int FROM outbox) AS unsent')
  return row?.open === 0 && row.unsent === 0
}, SETTLED_MS)

async function truth(): Promise<Build[]> {
  return (await until('the present builds', () => cluster.client.list(builds, 'builds', { order: 'buildid' }).catch(() => null), SETTLED_MS)).rows
}

/** Some replica is killed, frozen, or told to stop, or NATS is started again. */
async function strike(rng: ReturnType<typeof rngOf>, fault: (typeof faults)[number]): Promise<string> {
  const replica = rng.pick(cluster.uiApis)
  if (fault === 'nats') {
    await nats.down()
    await nats.up()
  } else if (fault === 'freeze') {
    replica.signal('SIGSTOP')
    await clock.sleep(rng.between(500, 2_500))
    replica.signal('SIGCONT')
  } else replica.signal(fault === 'kill' ? 'SIGKILL' : 'SIGTERM')
  return `${fault} ${fault === 'nats' ? '' : replica.name}`
}

const sorted = (shown: ReadonlyMap<number, Build>) => [...shown.values()].sort((a, b) => a.buildid - b.buildid)

test('replicas are killed, frozen and stopped, NATS is started again: who follows hears each event once and in order', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  const rng = rngOf(SEED)
  const followers = Array.from({ length: FOLLOWERS }, () => new Follower(cluster.client, () => rng.between(0, 999) / 1_000))
  await until('everybody to listen', () => followers.every(({ connected }) => connected))
  const struck: string[] = []
  for (let n = 0; n < STRIKES; n++) {
    await force(4)
    struck.push(await strike(rng, faults[n % faults.length]!))
  }
  await until('all replicas to be back', () => cluster.uiApis.every(({ running }) => running), SETTLED_MS)
  await force(2)
  await allOver()
  const present = await truth()
  for (const follower of followers) {
    await until(`all to be heard after ${struck.join(', ')}`, () => follower.resyncs > 0 || follower.story.length >= present.length * 3, SETTLED_MS).catch(() => {})
    await expect.poll(() => sorted(follower.shown), { timeout: SETTLED_MS }).toEqual(present)
  }
  const stories = followers.filter(({ resyncs }) => resyncs === 0).map(({ story }) => story)
  expect(stories.length).toBeGreaterThan(0)
  for (const story of stories) expect(story).toEqual(stories[0])
  expect(new Set(stories[0]).size).toBe(present.length * 3)
  expect(followers.reduce((sum, { breaks }) => sum + breaks, 0)).toBeGreaterThan(0)
  await Promise.all(followers.map(follower => follower.stop()))
})

test('events that are no longer kept when a client comes back: it is told so, and reads anew', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  const followers = Array.from({ length: 3 }, () => new Follower(cluster.client, () => 0.1))
  await until('everybody to listen', () => followers.every(({ connected, shown }) => connected && shown.size > 0))
  await force(6)
  await until('a build to be heard', () => followers.every(({ story }) => story.length > 0))
  await Promise.all(cluster.uiApis.map(uiApi => uiApi.stop()))
  await allOver()
  const [row] = await cluster.rows<{ id: string }>('SELECT id::text FROM installation')
  // Whoever publishes adapts the stream to its limits: so little is kept that all is gone.
  const bus = await connectBus({ url: nats.url, installation: row!.id, name: 'test', logger: createLogger({ name: 'test', level: 'silent' }), clock, events: { maxBytes: 1 } })
  await bus.publishEvents([])
  expect((await bus.history.bounds()).first).toBeGreaterThan(1)
  await bus.close()
  for (const uiApi of cluster.uiApis) uiApi.supervise()
  await until('all to be told', () => followers.every(({ resyncs, connected }) => resyncs > 0 && connected), SETTLED_MS)
  const present = await truth()
  for (const { shown } of followers) await expect.poll(() => sorted(shown), { timeout: SETTLED_MS }).toEqual(present)
  await force(1)
  await allOver()
  const later = await truth()
  for (const { shown } of followers) await expect.poll(() => sorted(shown), { timeout: SETTLED_MS }).toEqual(later)
  await Promise.all(followers.map(follower => follower.stop()))
})
