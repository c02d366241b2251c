import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SUCCESS } from '@yardmaster/domain'
import { RestError } from '@yardmaster/rest'
import { systemClock } from '@yardmaster/runtime'
import { startCluster, type Cluster } from '../../kit/cluster.js'
import { startNats, startPostgres } from '../../kit/servers.js'
import { watchTransitions } from '../../kit/transitions.js'
import { until } from '../../kit/until.js'
import { configurationOf } from './configuration.js'
import { invariants, type Ended } from './invariants.js'
import { logInvariants } from './log-invariants.js'
import type { Plan } from './plan.js'
import { strike, type Field } from './strike.js'
import { readTruth } from './truth.js'

export type Campaign = Field & { stop(): Promise<void>; /** What happened, in words. */ diary: string[] }
export type Outcome = { faults: number; whilePrinting: number; builds: number; retried: number; seconds: number; violations: { [invariant: string]: string[] } }

const clock = systemClock()
const BETWEEN_MS = 250
const ALL_OVER_MS = 180_000
const USABLE_MS = 120_000
/** A worker that is away for longer than the longest fault is lost. */
const LOST_AFTER_S = '25'
/** Of what a stock worker builds at an engine that is told to stop. */
const DRAIN_S = '15'

export async function startCampaign(plan: Plan): Promise<Campaign> {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-campaign-'))
  writeFileSync(join(folder, 'truth'), '')
  const [postgres, nats] = await Promise.all([startPostgres(), startNats()])
  const removeServers = async () => {
    await Promise.all([postgres.stop(), nats.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const cluster = await startCluster({
      config: configurationOf(plan, folder, 0), workers: plan.ownWorkers, stockWorkers: plan.stockWorkers, engines: plan.engines,
      env: { NATS_URL: nats.url, YARD_WORKER_LOST_AFTER: LOST_AFTER_S, YARD_DRAIN_DEADLINE: DRAIN_S },
      database: { url: postgres.url, drop: () => Promise.resolve() },
    })
    for (const process of cluster.processes()) process.supervise()
    await watchTransitions(cluster)
    return {
      cluster, plan, folder, postgres, nats, diary: [],
      async stop() {
        await cluster.stop()
        await removeServers()
      },
    }
  } catch (error) {
    await removeServers()
    throw error
  }
}

/** Runs it to its end and judges it. Throws when it does not come to an end. */
export async function runCampaign(campaign: Campaign): Promise<Outcome> {
  const { cluster, plan, diary } = campaign
  const began = clock.monotonic()
  const seconds = () => Math.round((clock.monotonic() - began) / 1000)
  const note = (text: string) => { diary.push(`${seconds()} s: ${text}`) }
  await until('every worker to be connected', async () => (await connectedWorkers(cluster)) === plan.ownWorkers.length + plan.stockWorkers.length)
  const accepted: number[] = []
  let over = false
  const stopping = stopThoseToBeStopped(campaign, () => over)
  const ordering = (async () => { for (const builder of plan.orders) accepted.push(await order(campaign, builder)) })()
  const striking = plan.lanes.map(async lane => {
    const struck = []
    for (const fault of lane) {
      note(`comes: ${JSON.stringify(fault)}`)
      struck.push(await strike(campaign, fault))
      note(`over: ${fault.name}, ${struck.at(-1)!.whilePrinting ? 'while a command printed' : 'at no such moment'}`)
    }
    return struck
  })
  const [struck] = await Promise.all([Promise.all(striking), ordering])
  note('no more faults; every request was accepted')
  await until('every request to end', async () => (await openRequests(cluster)) === 0, ALL_OVER_MS)
  note('every request has ended')
  over = true
  await stopping
  await workersAreUsable(campaign)
  note('every worker is usable')
  const [{ installation }] = await cluster.rows<{ installation: string }>('SELECT id AS installation FROM installation') as [{ installation: string }]
  await until('events to be relayed', async () => (await cluster.rows('SELECT 1 FROM outbox')).length === 0).catch(() => {})
  const faults = struck.flat()
  const [{ builds, retried }] = await cluster.rows<{ builds: number; retried: number }>('SELECT count(*)::int AS builds, count(*) FILTER (WHERE results = 5)::int AS retried FROM builds') as [{ builds: number; retried: number }]
  const violations = await judge({ cluster, plan, accepted, installation, truth: readTruth(join(campaign.folder, 'truth')) })
  return { faults: faults.length, whilePrinting: faults.filter(fault => fault.whilePrinting).length, builds, retried, seconds: seconds(), violations }
}

async function judge(ended: Ended): Promise<Outcome['violations']> {
  const found: Outcome['violations'] = {}
  for (const [name, invariant] of Object.entries({ ...invariants, ...logInvariants })) {
    const offenders = await invariant(ended)
    if (offenders.length > 0) found[name] = offenders.slice(0, 10)
  }
  return found
}

/** As a person does: again, until it is answered. A request whose answer was lost is built too. */
async function order(campaign: Campaign, builder: string, withinMs = ALL_OVER_MS): Promise<number> {
  const { cluster, plan } = campaign
  return until(`a build of ${builder} to be asked for`, async () => {
    if ((await openRequests(cluster).catch(() => Infinity)) >= plan.openAtOnce) return pause()
    const [row] = await cluster.rows<{ id: number }>('SELECT id FROM builders WHERE name = $1', [builder]).catch(() => [])
    if (!row) return pause()
    const answer = await cluster.client.control('forceschedulers/force', 'force', { builderid: row.id, reason: 'a campaign' }).catch(unlessRefused)
    return answer === null ? pause() : (answer as [number, { [builder: string]: number }])[1][String(row.id)]
  }, withinMs)
}

async function pause(): Promise<null> {
  await clock.sleep(BETWEEN_MS)
  return null
}

function unlessRefused(error: unknown): null {
  if (error instanceof RestError && error.status < 500) throw error
  return null
}

/** Builds of the builders that run for ever are stopped soon after they print, once and again until it is answered. */
async function stopThoseToBeStopped({ cluster, plan }: Campaign, over: () => boolean): Promise<void> {
  const names = plan.builders.filter(builder => builder.kind === 'stopped').map(builder => builder.name)
  while (!over()) {
    const rows = await cluster.rows<{ id: number }>(
      `SELECT DISTINCT b.id FROM builds b JOIN builders u ON u.id = b.builder_id JOIN steps s ON s.build_id = b.id JOIN logs l ON l.step_id = s.id
       WHERE b.complete_at IS NULL AND b.stop_requested_at IS NULL AND u.name = ANY($1) AND l.num_lines > 10`, [names]).catch(() => [])
    for (const { id } of rows) await cluster.client.control(`builds/${id}`, 'stop', { reason: 'the campaign' }).catch(unlessRefused)
    await clock.sleep(BETWEEN_MS)
  }
}

async function openRequests(cluster: Cluster): Promise<number> {
  const [row] = await cluster.rows<{ n: number }>(`SELECT count(*)::int AS n FROM build_requests WHERE state <> 'complete'`).catch(() => [])
  return row?.n ?? Infinity
}

async function connectedWorkers(cluster: Cluster): Promise<number> {
  return (await cluster.rows('SELECT 1 FROM worker_sessions WHERE connected')).length
}

async function workersAreUsable(campaign: Campaign): Promise<void> {
  const { cluster, plan } = campaign
  await Promise.all([...plan.ownWorkers, ...plan.stockWorkers].map(async worker => {
    const id = await order(campaign, `on-${worker}`)
    await until(`a last build on ${worker} to succeed`, async () => (await cluster.rows(`SELECT 1 FROM build_requests WHERE id = $1 AND state = 'complete' AND results = ${SUCCESS}`, [id])).length > 0, USABLE_MS)
  }))
}
