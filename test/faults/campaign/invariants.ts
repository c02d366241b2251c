import { readdirSync, readFileSync } from 'node:fs'
import { CANCELLED, FAILURE, RETRY, SUCCESS } from '@yardmaster/domain'
import type { Cluster } from '../../kit/cluster.js'
import { seenTransitions } from '../../kit/transitions.js'
import type { Kind, Plan } from './plan.js'
import type { Truth } from './truth.js'

export type Ended = { cluster: Cluster; plan: Plan; truth: Truth; installation: string; /** Requests that were answered with their number. */ accepted: number[] }
/** Each names its offenders; none: it holds. */
export type Invariant = (ended: Ended) => Promise<string[]> | string[]

export const endOf: { [kind in Kind]: number } = { shell: SUCCESS, custom: SUCCESS, failing: FAILURE, locked: SUCCESS, stopped: CANCELLED, stock: SUCCESS }
const kindOf = (plan: Plan, builder: string): Kind => plan.builders.find(each => each.name === builder)?.kind ?? 'shell'
const offenders = async (cluster: Cluster, sql: string) => (await cluster.rows(sql)).map(row => JSON.stringify(row))

type RequestRow = { id: number; builder: string; state: string; results: number | null; builds: { number: number; results: number | null; text: string; error: string | null }[] }
const requests = (cluster: Cluster) => cluster.rows<RequestRow>(
  `SELECT r.id, u.name AS builder, r.state, r.results,
     coalesce(json_agg(json_build_object('number', b.number, 'results', b.results, 'text', b.state_string, 'error', (
       SELECT string_agg(convert_from(c.content, 'UTF8'), '') FROM steps s JOIN logs l ON l.step_id = s.id AND l.slug = 'err_text' JOIN log_chunks c ON c.log_id = l.id WHERE s.build_id = b.id)) ORDER BY b.id) FILTER (WHERE b.id IS NOT NULL), '[]') AS builds
   FROM build_requests r JOIN builders u ON u.id = r.builder_id LEFT JOIN builds b ON b.build_request_id = r.id GROUP BY r.id, u.name ORDER BY r.id`)

/** With the result that its builder's commands lead to; all its other builds ended RETRY. */
const everyRequestEndedExactlyOnce: Invariant = async ({ cluster, plan }) => (await requests(cluster)).filter(request => {
  const due = endOf[kindOf(plan, request.builder)]
  const others = request.builds.filter(build => build.results !== RETRY)
  return request.state !== 'complete' || request.results !== due || others.length !== 1 || others[0]!.results !== due
}).map(request => JSON.stringify(request))

const nothingAcceptedIsLost: Invariant = async ({ cluster, accepted }) => {
  const ids = new Set((await cluster.rows<{ id: number }>('SELECT id FROM build_requests')).map(row => row.id))
  return accepted.filter(id => !ids.has(id)).map(id => `request ${id}`)
}

const buildsetsAreComplete: Invariant = ({ cluster }) => offenders(cluster, 'SELECT id, remaining, complete_at, results FROM buildsets WHERE remaining <> 0 OR complete_at IS NULL')

const nothingIsLeftOpen: Invariant = async ({ cluster }) => (await Promise.all([
  offenders(cluster, 'SELECT id AS open_build, builder_id, state_string FROM builds WHERE complete_at IS NULL OR results IS NULL'),
  offenders(cluster, 'SELECT id AS open_step, build_id, name, state_string FROM steps WHERE started_at IS NOT NULL AND complete_at IS NULL'),
  offenders(cluster, 'SELECT l.id AS open_log, s.build_id, l.name FROM logs l JOIN steps s ON s.id = l.step_id WHERE NOT l.complete'),
  offenders(cluster, `SELECT id AS claimed_request, replica_id FROM build_requests WHERE state <> 'complete'`),
  offenders(cluster, 'SELECT id AS lock_claim, build_id, step_number, held_at FROM lock_claims'),
  offenders(cluster, 'SELECT build_id AS journal_of, count(*)::int AS entries FROM effects GROUP BY build_id'),
])).flat()

const everyStateWentWhereTheTablesSay: Invariant = async ({ cluster }) => (await seenTransitions(cluster)).unknown.map(move => JSON.stringify(move))

/** Command ids are unique for ever, for stock workers too: a build that is retried is another build. */
const noCommandBeganTwice: Invariant = ({ truth }) => {
  const seen = new Set<string>()
  return truth.begin.filter(command => seen.size === seen.add(command).size)
}

const neverTwoCommandsInOneFolder: Invariant = ({ truth }) => truth.overlap
const neverMoreHoldersThanTheLockAllows: Invariant = ({ truth }) => truth['lock-broken']

/** A replica that lives is a process of ours, and the other way round. */
const theLivingReplicasAreTheLivingProcesses: Invariant = async ({ cluster }) => {
  const alive = await cluster.rows<{ name: string; role: string; pid: number }>(`SELECT name, role, pid FROM replicas WHERE state = 'alive'`)
  const pids = new Set([...Object.values(cluster.roles), ...cluster.engines].map(role => role.pid))
  return [...alive.filter(({ pid }) => !pids.has(pid)).map(row => `alive, but gone: ${JSON.stringify(row)}`), ...[...pids].filter(pid => !alive.some(row => row.pid === pid)).map(pid => `running, but not alive: ${pid}`)]
}

const noCommandIsLeftOnTheMachine: Invariant = ({ installation }) => readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(pid => {
  const command = commandOf(pid)
  return command?.startsWith(`${installation}/`) ? [`pid ${pid} of ${command}`] : []
})

function commandOf(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').find(entry => entry.startsWith('YARD_COMMAND='))?.slice('YARD_COMMAND='.length)
  } catch {
    return undefined
  }
}

const everyEventWasRelayed: Invariant = ({ cluster }) => offenders(cluster, 'SELECT id AS unsent, created_at FROM outbox')

export const invariants = {
  everyRequestEndedExactlyOnce, nothingAcceptedIsLost, buildsetsAreComplete, nothingIsLeftOpen, everyStateWentWhereTheTablesSay, noCommandBeganTwice,
  neverTwoCommandsInOneFolder, neverMoreHoldersThanTheLockAllows, theLivingReplicasAreTheLivingProcesses, noCommandIsLeftOnTheMachine, everyEventWasRelayed,
} satisfies { [name: string]: Invariant }
