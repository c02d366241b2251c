import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createYardClient } from '@yardmaster/rest'
import { systemClock } from '@yardmaster/runtime'
import type { Cluster } from '../../kit/cluster.js'
import type { TestServer } from '../../kit/servers.js'
import type { TestProcess } from '../../kit/test-process.js'
import { until } from '../../kit/until.js'
import { configurationOf } from './configuration.js'
import type { Fault, Plan } from './plan.js'

export type Field = { cluster: Cluster; plan: Plan; folder: string; postgres: TestServer; nats: TestServer }
type Struck = { fault: Fault; /** A command of the target printed just then. */ whilePrinting: boolean }

const clock = systemClock()
const MOMENT_MS = 15_000
const UP_AGAIN_MS = 120_000
const FLAPS = 6
let edition = 0

/** Waits for the fault's moment (not for ever), strikes, and repairs what a supervisor would not. */
export async function strike(field: Field, fault: Fault): Promise<Struck> {
  await clock.sleep(fault.pauseMs)
  const whilePrinting = await printing(field, fault)
  await strikeNow(field, fault)
  return { fault, whilePrinting }
}

async function printing(field: Field, fault: Fault): Promise<boolean> {
  const deadline = clock.monotonic() + MOMENT_MS
  while (clock.monotonic() < deadline) {
    if (await printsNow(field, fault).catch(() => false)) return true
    await clock.sleep(20)
  }
  return false
}

/** PostgreSQL may be away: that is no. */
async function printsNow({ cluster }: Field, fault: Fault): Promise<boolean> {
  const pid = 'engine' in fault && cluster.engines[fault.engine]!.running ? cluster.engines[fault.engine]!.pid : null
  if ('engine' in fault && pid === null) return false
  const rows = await cluster.rows(
    `SELECT 1 FROM builds b JOIN workers w ON w.id = b.worker_id JOIN worker_sessions ws ON ws.worker_id = w.id AND ws.connected JOIN replicas r ON r.id = ws.replica_id
     JOIN steps s ON s.build_id = b.id AND s.started_at IS NOT NULL AND s.complete_at IS NULL JOIN logs l ON l.step_id = s.id AND NOT l.complete
     WHERE b.complete_at IS NULL AND l.num_lines >= $1 AND ($2::int IS NULL OR r.pid = $2) AND ($3::text IS NULL OR w.name = $3) LIMIT 1`,
    [fault.afterLines, pid, 'worker' in fault ? fault.worker : null])
  return rows.length > 0
}

async function strikeNow(field: Field, fault: Fault): Promise<void> {
  if ('engine' in fault) return strikeEngine(field, fault)
  if ('worker' in fault) return strikeWorker(field, fault)
  const { cluster, plan, folder, postgres, nats } = field
  switch (fault.name) {
    case 'scheduler killed': return killed(cluster.roles.scheduler)
    case 'ui-api killed': return killed(cluster.roles['ui-api'])
    case 'PostgreSQL away': return away(postgres, fault.ms)
    case 'NATS away': return away(nats, fault.ms)
    case 'configuration reloaded': {
      edition += 1
      writeFileSync(join(cluster.folder, 'yard.config.ts'), configurationOf(plan, folder, edition))
      return cluster.roles.scheduler.signal('SIGHUP')
    }
  }
}

async function strikeEngine({ cluster }: Field, { name, engine: at, ms }: Extract<Fault, { engine: number }>): Promise<void> {
  const engine = cluster.engines[at]!
  const proxy = cluster.engineProxies[at]!
  switch (name) {
    case 'engine killed': return killed(engine)
    case 'engine frozen': return frozen(engine, ms)
    case 'engine cut off from PostgreSQL': return lasting(ms, () => proxy.blackhole(), () => proxy.heal())
    case 'engine refused by PostgreSQL': return lasting(ms, () => proxy.refuse(), () => proxy.heal())
    case 'engine told to stop': {
      engine.signal('SIGTERM')
      return clock.sleep(ms)
    }
    case 'engine drained': return drained(cluster, engine, ms)
    case 'engine cut off from workers': return lasting(ms, () => cluster.network.hold({ engine: at }), () => cluster.network.heal({ engine: at }))
    case 'engine loses its workers\' connections': return cluster.network.cut({ engine: at })
  }
}

async function strikeWorker({ cluster }: Field, { name, worker, ms }: Extract<Fault, { worker: string }>): Promise<void> {
  const process = [...cluster.workers, ...cluster.stockWorkers].find(candidate => candidate.name === worker)!
  switch (name) {
    case 'worker killed': return killed(process)
    case 'worker frozen': return frozen(process, ms)
    case 'worker cut': return cluster.network.cut({ worker })
    case 'worker held': return lasting(ms, () => cluster.network.hold({ worker }), () => cluster.network.heal({ worker }))
    case 'worker flaps': return cluster.network.flap({ worker }, FLAPS, ms / FLAPS)
    case 'worker doubled': {
      const double = cluster.anotherWorker(worker)
      await double.start()
      await clock.sleep(ms)
      return double.stop()
    }
  }
}

/** By -9; its supervisor starts it again. */
async function killed(process: TestProcess): Promise<void> {
  const { starts } = process
  await process.kill()
  await until(`${process.name} to be started again`, () => process.running && process.starts > starts, UP_AGAIN_MS)
}

/** By REST, as a person does; its supervisor starts it again. */
async function drained(cluster: Cluster, engine: TestProcess, ms: number): Promise<void> {
  const { starts } = engine
  const yard = createYardClient({ baseUrl: cluster.url })
  await until(`${engine.name} to be told to drain`, async () => {
    if (engine.starts > starts) return true
    const [row] = await cluster.rows<{ id: number }>(`SELECT id FROM replicas WHERE pid = $1 AND state = 'alive'`, [engine.pid]).catch(() => [])
    return row !== undefined && await yard.drain(row.id, { deadline: ms / 1000 }).then(() => true, () => false)
  }, UP_AGAIN_MS)
  await until(`${engine.name} to have drained and be started again`, () => engine.running && engine.starts > starts, UP_AGAIN_MS)
}

function frozen(process: TestProcess, ms: number): Promise<void> {
  return lasting(ms, () => process.signal('SIGSTOP'), () => process.signal('SIGCONT'))
}

async function away(server: TestServer, ms: number): Promise<void> {
  await server.down()
  await clock.sleep(ms)
  await server.up()
}

async function lasting(ms: number, begin: () => void, end: () => void): Promise<void> {
  begin()
  await clock.sleep(ms)
  end()
}
