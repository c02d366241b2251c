import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '@yardmaster/runtime'
import { startNats, startPostgres } from '../kit/servers.js'
import type { Bench } from './installation.js'
import { describeMachine, machineLines } from './machine.js'
import { measureBacklog } from './measures/backlog.js'
import { measureBuilds } from './measures/builds.js'
import { measureConfiguration } from './measures/configuration.js'
import { measureCrawler } from './measures/crawler.js'
import { measureDispatch } from './measures/dispatch.js'
import { measureFailover } from './measures/failover.js'
import { measureHooks } from './measures/hooks.js'
import { measureIdle } from './measures/idle.js'
import { measureIsolation } from './measures/isolation.js'
import { measureLatency } from './measures/latency.js'
import { measureLarge } from './measures/large.js'
import { measureLive } from './measures/live.js'
import { measureLog } from './measures/log.js'
import { measureRest } from './measures/rest.js'
import { measureWorkers } from './measures/workers.js'
import { cpuOf, machineCpu } from './processes.js'
import { summarizeProfiles } from './profile.js'
import { formatTable, type Figure, type Row } from './table.js'

const measures: { [name: string]: (bench: Bench) => Promise<Figure[]> } = {
  latency: measureLatency, builds: measureBuilds, rest: measureRest, large: measureLarge, crawler: measureCrawler, isolation: measureIsolation, log: measureLog, backlog: measureBacklog, workers: measureWorkers, failover: measureFailover, idle: measureIdle, configuration: measureConfiguration, dispatch: measureDispatch, hooks: measureHooks, live: measureLive,
}

const HELP = `npm run bench -- [options]

Measures this clone on real processes, with a PostgreSQL (fsync on) and a NATS of its own, and prints a table with the budgets beside it.

  --quick           shorter runs: to see that it works, not to judge by
  --only NAME       one measure, may be repeated: ${Object.keys(measures).join(', ')}
  --builds N        builds of the throughput measure, and of the large database of "large" (a million)
  --database URL    a database that is kept: "large" fills it when it is empty, which takes minutes
  --profile FOLDER  take CPU profiles of the roles and the worker (which costs time itself), keep them there and tell where the time goes
  --json            the figures as JSON
  --help
`

type Asked = { quick: boolean; only: string[]; builds: number | null; database: string | null; profiles: string | null; json: boolean }

function readArguments(): Asked | null {
  const { values } = parseArgs({ options: {
    quick: { type: 'boolean', default: false }, only: { type: 'string', multiple: true, default: Object.keys(measures) }, builds: { type: 'string' }, database: { type: 'string' },
    profile: { type: 'string' }, json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false },
  } })
  if (values.help) return null
  const unknown = values.only.filter(name => !Object.hasOwn(measures, name))
  if (unknown.length > 0) throw new Error(`--only: there is no measure ${unknown.join(', ')}; there are ${Object.keys(measures).join(', ')}`)
  const builds = values.builds === undefined ? null : Number(values.builds)
  if (builds !== null && !(Number.isInteger(builds) && builds > 0)) throw new Error(`--builds: expected a whole number above 0, found '${values.builds}'`)
  return { quick: values.quick, only: values.only, builds, database: values.database ?? null, profiles: values.profile === undefined ? null : resolve(values.profile), json: values.json }
}

/** CPU time of all that is not this bench, ms: its servers and roles are its children. */
const foreignCpu = () => machineCpu() - cpuOf({ bench: process.pid }).bench

async function run({ quick, only, builds, database, profiles, json }: Asked): Promise<void> {
  const clock = systemClock()
  const say = (text: string) => { process.stderr.write(`${text}\n`) }
  if (profiles !== null) mkdirSync(profiles, { recursive: true })
  const postgres = await startPostgres({ durable: true })
  const nats = await startNats().catch(async (error: unknown) => { await postgres.stop(); throw error })
  try {
    const machine = await describeMachine(postgres.url, clock)
    const rows: Row[] = []
    for (const name of only) {
      const before = { at: clock.monotonic(), foreign: foreignCpu() }
      const figures = await measures[name]!({ postgres, nats, clock, quick, builds, database, profiles })
      const ms = clock.monotonic() - before.at
      const foreign = (foreignCpu() - before.foreign) / ms
      rows.push(...figures.map(figure => ({ ...figure, foreign })))
      say(`✓ ${name.padEnd(10)} ${(ms / 1000).toFixed(1)} s`)
    }
    process.stdout.write(json ? `${JSON.stringify({ machine, quick, figures: rows }, null, 2)}\n` : `\n${machineLines(machine)}\n\n${formatTable(rows)}\n`)
    if (profiles !== null) process.stdout.write(`\n${summarizeProfiles(profiles)}\n`)
  } finally {
    await Promise.all([postgres.stop(), nats.stop()])
  }
}

try {
  const asked = readArguments()
  if (asked === null) process.stdout.write(HELP)
  else await run(asked)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = 1
}
