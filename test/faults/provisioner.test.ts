import { costAt } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords } from '../kit/cluster.js'
import { ledger } from '../kit/latent-story.js'
import { runOf } from './provisioner/plan.js'
import { oneRun } from './provisioner/run.js'
import { inventory, isOurs, startWorld, type World } from './provisioner/world.js'

const LONG = process.env['YARD_TEST_LONG'] === '1'
const seed = Number(process.env['YARD_FAULT_SEED'] ?? 1)
const RUNS = Number(process.env['YARD_FAULT_RUNS'] ?? (LONG ? 300 : 12))
const LANES = LONG ? 20 : 6
const clock = systemClock()

let world: World
let others: string[]
beforeAll(async () => {
  world = await startWorld({ lanes: LANES, seed, realWorkers: !LONG })
  others = inventory(world).others
})
afterAll(() => world?.close())

/** Somebody looks after the pools, and is quick about it. */
function operator({ cluster }: World): () => void {
  let cancel = () => {}
  const tend = () => {
    void cluster.rows(`UPDATE worker_pools SET alert = NULL, alerted_at = NULL, backoff_until = NULL, failures = 0, version = version + 1 WHERE alert IS NOT NULL OR backoff_until IS NOT NULL`).catch(() => {})
    cancel = clock.setTimeout(tend, 1_000)
  }
  tend()
  return () => cancel()
}

test(`seed ${seed}, ${RUNS} runs: whatever the cloud does and whenever provisioners are killed, nothing is left, no build is taken its machine, nobody else is touched, and the bill is the ledger's`, async () => {
  onTestFailed(async () => { process.stderr.write(`${lastWords(world.cluster, 60)}\n${JSON.stringify([(await ledger(world.cluster)).slice(-30), await whatWaits(world)], null, 1)}\n`) })
  const stop = operator(world)
  const runs = Array.from({ length: RUNS }, (_, number) => runOf(seed, number))
  const began = clock.monotonic()
  let done = 0
  await Promise.all(world.lanes.map(async lane => {
    for (let run = runs.shift(); run; run = runs.shift()) {
      try {
        await oneRun(world, lane, run)
      } catch (error) {
        throw new Error(`run ${run.number} in ${lane}: ${JSON.stringify(run, (_, value: unknown) => (value instanceof RegExp ? String(value) : value))}`, { cause: error })
      }
      done += 1
      if (LONG) process.stderr.write(`${done} of ${RUNS} runs after ${Math.round((clock.monotonic() - began) / 1000)} s, provisioners started ${world.cluster.provisioners.map(({ starts }) => starts).join(' and ')} times\n`)
    }
  }))
  stop()
  expect(inventory(world).all).toEqual([])
  expect(inventory(world).others).toEqual(others)
  await expectBillOfLedger(world)
}, LONG ? 3_600_000 : 900_000)

/** Of each pool whose builds wait: what for, and what is said of its workers. */
const whatWaits = ({ cluster }: World) => cluster.rows(
  `SELECT b.name AS pool, array_agg(DISTINCT r.waits_for) AS "waitsFor", array_agg(DISTINCT p.obstacle) AS obstacle,
     (SELECT jsonb_agg(jsonb_build_object('worker', w.name, 'failures', w.failures, 'quarantinedUntil', w.quarantined_until, 'quarantine', w.quarantine_reason, 'paused', w.paused, 'graceful', w.graceful)) FROM workers w WHERE w.pool_id = p.id) AS workers
   FROM build_requests r JOIN builders b ON b.id = r.builder_id JOIN worker_pools p ON p.name = b.name WHERE r.state <> 'complete' GROUP BY b.name, p.id ORDER BY b.name`)

/** Machine by machine: each that was paid for is in the ledger once, with what it cost. */
async function expectBillOfLedger({ cluster, cloud, installation, deletedByHand }: World): Promise<void> {
  const rows = await cluster.rows<{ uuid: string; perHour: number | null; period: number; from: number; until: number }>(
    `SELECT external_id AS uuid, price_per_hour AS "perHour", billing_period AS period, (extract(epoch FROM created_at) * 1000)::float8 AS "from", (extract(epoch FROM gone_at) * 1000)::float8 AS until
     FROM instances WHERE external_id IS NOT NULL`)
  const known = new Set(rows.map(({ uuid }) => uuid))
  // What somebody deletes before its creation was answered, or it was listed, nobody here can ever know of.
  const billed = cloud.bill().machines.filter(machine => isOurs(machine, installation) && (known.has(machine.uuid) || !deletedByHand.has(machine.uuid)))
  const byMachine = <T extends { uuid: string }>(things: T[], amount: (thing: T) => number) => things.map(thing => `${thing.uuid} ${deletedByHand.has(thing.uuid) ? '' : amount(thing).toFixed(4)}`).sort()
  expect(byMachine(rows, ({ perHour, period, from, until }) => costAt({ perHour: perHour ?? NaN, period, from, until }, until))).toEqual(byMachine(billed, ({ amount }) => amount))
  expect(billed.filter(({ over }) => !over)).toEqual([])
}
