import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SUCCESS } from '@yardmaster/domain'
import { expect } from 'vitest'
import type { Cluster } from './cluster.js'
import { until } from './until.js'

/** A row of the ledger, as far as stories look. */
export type LedgerRow = {
  id: number; pool: string; worker: string; attempt: number; desired: string; observed: string; holds_slot: boolean; external_id: string | null
  fingerprint: string | null; reason: string; end_reason: string | null; failure: string | null; uses: number; gone: boolean
}

/** The whole ledger, oldest first. */
export const ledger = ({ rows }: Cluster): Promise<LedgerRow[]> => rows<LedgerRow>(
  `SELECT i.id, p.name AS pool, w.name AS worker, i.attempt, i.desired, i.observed, i.holds_slot, i.external_id, i.fingerprint, i.reason, i.end_reason, i.failure, i.uses, i.gone_at IS NOT NULL AS gone
   FROM instances i JOIN worker_pools p ON p.id = i.pool_id JOIN workers w ON w.id = i.worker_id ORDER BY i.id`)

/** A file in which builds' own commands write down what they do: no process of ours has a hand in it. */
export class Truth {
  readonly #file: string
  readonly #gate: string

  constructor(folder: string) {
    this.#file = join(folder, 'truth')
    this.#gate = join(folder, 'gate')
    writeFileSync(this.#file, '')
  }

  /** A shell command that says when it begins, runs for so long, and says that it ended. */
  running = (seconds: number | string): string => `echo "begin $$" >> '${this.#file}'; sleep ${seconds}; echo "end $$" >> '${this.#file}'`
  /** The same, until `open` is called. */
  waiting = (): string => `echo "begin $$" >> '${this.#file}'; while [ ! -e '${this.#gate}' ]; do sleep 0.1; done; echo "end $$" >> '${this.#file}'`
  open(): void {
    writeFileSync(this.#gate, '')
  }

  get lines(): string[] {
    return existsSync(this.#file) ? readFileSync(this.#file, 'utf8').split('\n').filter(line => line !== '') : []
  }
  begun = (): number => this.lines.filter(line => line.startsWith('begin ')).length
  ended = (): number => this.lines.filter(line => line.startsWith('end ')).length

  /** The most that ran at one time. */
  most(): number {
    let now = 0
    return Math.max(0, ...this.lines.map(line => (now += line.startsWith('begin ') ? 1 : -1)))
  }
}

/** Forces that many builds of the builder, one buildset each; answers their requests. */
export async function force(cluster: Cluster, builder: string, { times = 1, values = {} }: { times?: number; values?: { [name: string]: string } } = {}): Promise<number[]> {
  const requests: number[] = []
  for (let n = 0; n < times; n++) {
    const [, added] = await cluster.client.control('forceschedulers/force', 'force', { builderNames: builder, reason: 'story', ...values }) as [number, { [builder: string]: number }]
    requests.push(...Object.values(added))
  }
  return requests
}

/** Waits until all of these requests have ended. */
export async function allBuilt(cluster: Cluster, requests: number[], withinMs = 120_000): Promise<void> {
  await until(`${requests.length} requests to end`, async () => {
    const [row] = await cluster.rows<{ open: number }>(`SELECT count(*)::int AS open FROM build_requests WHERE id = ANY($1) AND state <> 'complete'`, [requests])
    return row!.open === 0
  }, withinMs)
}

/** Each request was built once and well: none lost its machine. */
export async function expectUndisturbed(cluster: Cluster, requests: number[]): Promise<void> {
  const builds = await cluster.rows<{ results: number }>('SELECT results FROM builds WHERE build_request_id = ANY($1)', [requests])
  expect(builds).toEqual(requests.map(() => ({ results: SUCCESS })))
}

/** Waits until no machine of the pool (of any, without one) is left, by the ledger and by what the system itself knows. */
export async function nothingLeft(cluster: Cluster, pool: string | null = null, withinMs = 120_000): Promise<void> {
  const ofPool = async () => (await ledger(cluster)).filter(row => pool === null || row.pool === pool)
  await until('the ledger to have nothing open', async () => (await ofPool()).every(row => row.gone && !row.holds_slot), withinMs)
  // What the ledger calls gone is gone: nothing may be waited for any more.
  const workers = new Set((await ofPool()).map(row => row.worker))
  expect(cluster.machines().filter(({ worker }) => pool === null || (worker !== null && workers.has(worker)))).toEqual([])
}
