import { systemClock } from '@yardmaster/runtime'
import { until } from '../../kit/until.js'
import { rngOf } from '../campaign/rng.js'
import type { SchedulingFault } from './plan.js'
import { deliver, PROJECT, revisionOf, type World } from './world.js'

export type SchedulingOutcome = {
  hooks: number; commits: number; ticks: number; builds: number; killed: number; statuses: number; mails: number; mailsUnknown: number; seconds: number
  violations: { [invariant: string]: string[] }
}

const clock = systemClock()
const ALL_OVER_MS = 180_000
/** A moment that does not come by itself: what is struck is then killed as it is. */
const MOMENT_MS = 6_000

/** Hooks, commits and ticks come while schedulers die; judged once everything has settled. */
export async function runScheduling(world: World): Promise<SchedulingOutcome> {
  const { plan, cluster } = world
  const began = clock.monotonic()
  await Promise.all([deliverAll(world), commitAll(world), strikeAll(world)])
  await until('every change to be dispatched', async () => (await count(world, 'changes WHERE dispatched_at IS NULL')) === 0 && (await count(world, `changes WHERE project = 'polled'`)) === plan.commits, ALL_OVER_MS)
  await cluster.rows(`UPDATE schedulers SET enabled = false WHERE name = 'ticks'`)
  await until('every build to end', async () => (await count(world, `buildsets WHERE scheduler = 'after'`)) === plan.hooks && (await count(world, `build_requests WHERE state <> 'complete'`)) === 0, ALL_OVER_MS)
  await until('everything to be told', async () => (await count(world, 'report_feed')) + (await count(world, `notifications WHERE state IN ('waiting', 'sending')`)) === 0, ALL_OVER_MS)
  const unknown = await count(world, `notifications WHERE reporter = 'mails' AND state = 'unknown'`)
  return {
    hooks: plan.hooks, commits: plan.commits, ticks: await count(world, `buildsets WHERE scheduler = 'ticks'`), builds: await count(world, 'builds'),
    killed: cluster.schedulers.reduce((sum, { starts }) => sum + starts - 1, 0), statuses: world.github.requests.length, mails: world.smtp.mails.length, mailsUnknown: unknown,
    seconds: Math.round((clock.monotonic() - began) / 1000), violations: await judge(world),
  }
}

const count = async ({ cluster }: World, what: string): Promise<number> => (await cluster.rows<{ n: number }>(`SELECT count(*)::int AS n FROM ${what}`))[0]!.n

/** Each until it is accepted, as GitHub's redelivery does; every fifth twice at the same moment. */
async function deliverAll(world: World): Promise<void> {
  for (let n = 0; n < world.plan.hooks; n += 1) {
    const accepted = () => until(`hook ${n} to be accepted`, () => deliver(world, n), ALL_OVER_MS)
    await (n % 5 === 0 ? Promise.all([accepted(), accepted()]) : accepted())
    await clock.sleep(50)
  }
}

async function commitAll({ plan, repository }: World): Promise<void> {
  for (let n = 0; n < plan.commits; n += 1) {
    repository.commit(`commit ${n}`, { file: String(n) })
    await clock.sleep(300)
  }
}

async function strikeAll(world: World): Promise<void> {
  const rng = rngOf(world.plan.seed + 2)
  for (const fault of world.plan.faults) {
    await strike(world, fault)
    await clock.sleep(rng.between(200, 1_500))
  }
}

async function strike({ cluster }: World, fault: SchedulingFault): Promise<void> {
  if (fault.kind === 'killUiApi') {
    await clock.sleep(fault.afterMs)
    return cluster.roles['ui-api'].kill()
  }
  const scheduler = cluster.schedulers[fault.scheduler]!
  await until('the scheduler to run', () => scheduler.running, ALL_OVER_MS)
  if (fault.kind === 'kill') {
    await clock.sleep(fault.afterMs)
    return scheduler.kill()
  }
  if (fault.kind === 'freeze') {
    await clock.sleep(fault.afterMs)
    scheduler.signal('SIGSTOP')
    await clock.sleep(fault.forMs)
    return scheduler.signal('SIGCONT')
  }
  const struck = new Promise<void>(resolve => {
    cluster.schedulerProxies[fault.scheduler]!.at({ transaction: new RegExp(fault.transaction), when: fault.when }, () => { scheduler.signal('SIGKILL'); resolve() })
  })
  const patience = new AbortController()
  await Promise.race([struck, clock.sleep(MOMENT_MS, patience.signal).then(() => scheduler.kill(), () => {})])
  patience.abort()
}

async function judge(world: World): Promise<SchedulingOutcome['violations']> {
  const { cluster, github, smtp, plan } = world
  const found: SchedulingOutcome['violations'] = {}
  const holds = (invariant: string, offenders: string[]): void => { if (offenders.length > 0) found[invariant] = offenders.slice(0, 10) }
  const repeated = async (sql: string): Promise<string[]> => (await cluster.rows<{ what: string }>(sql)).map(({ what }) => what)
  const built = `FROM changes c LEFT JOIN buildset_sourcestamps bs ON bs.sourcestamp_id = c.sourcestamp_id LEFT JOIN buildsets b ON b.id = bs.buildset_id`
  holds('each accepted hook is one change', await repeated(`SELECT revision || ' ' || count(*) AS what FROM changes WHERE project = '${PROJECT}' GROUP BY revision HAVING count(*) <> 1`))
  const taken = new Set(await repeated(`SELECT revision AS what FROM changes WHERE project = '${PROJECT}'`))
  holds('every accepted hook is a change', Array.from({ length: plan.hooks }, (_, n) => revisionOf(n)).filter(revision => !taken.has(revision)))
  holds('each change is built once', await repeated(`SELECT c.id || ' ' || count(b.id) AS what ${built} AND b.scheduler IN ('hooks', 'polls') GROUP BY c.id HAVING count(b.id) <> 1`))
  holds('each buildset has one that depends on it', await repeated(`SELECT c.id || ' ' || count(b.id) AS what ${built} AND b.scheduler = 'after' WHERE c.project = '${PROJECT}' GROUP BY c.id HAVING count(b.id) <> 1`))
  holds('each commit is one change, in order', await commitsOutOfPlace(world))
  holds('each request ends once, well', await repeated(`SELECT id || ' ' || coalesce(results::text, 'none') AS what FROM build_requests WHERE results IS DISTINCT FROM 0`))
  const truths = Array.from({ length: plan.hooks }, (_, n) => ({ n, truth: github.truth(PROJECT, revisionOf(n)) }))
  holds('statuses have come to the truth', truths.filter(({ truth }) => truth['buildbot/hooked'] !== 'success' || truth['buildbot/after'] !== 'success').map(({ n, truth }) => `${n}: ${JSON.stringify(truth)}`))
  const subjects = (await smtp.parsed()).map(({ subject }) => subject ?? '')
  holds('no mail came twice', subjects.filter((subject, at) => subjects.indexOf(subject) !== at))
  const builds = await cluster.rows<{ id: number; state: string | null }>(`SELECT b.id, (SELECT max(n.state) FROM notifications n WHERE n.build_id = b.id AND n.reporter = 'mails') AS state FROM builds b JOIN builders u ON u.id = b.builder_id WHERE u.name = 'hooked'`)
  holds('a mail that did not come is shown as unknown', builds.filter(({ id, state }) => !subjects.includes(`build ${id}`) && state !== 'unknown').map(({ id, state }) => `${id}: ${state}`))
  return found
}

async function commitsOutOfPlace({ cluster, plan }: World): Promise<string[]> {
  const comments = (await cluster.rows<{ comments: string }>(`SELECT comments FROM changes WHERE project = 'polled' ORDER BY id`)).map(row => row.comments.trim())
  const wanted = Array.from({ length: plan.commits }, (_, n) => `commit ${n}`)
  return comments.length === wanted.length && comments.every((comment, at) => comment === wanted[at]) ? [] : comments
}
