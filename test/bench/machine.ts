import { cpus, loadavg, totalmem } from 'node:os'
import type { Clock } from '@yardmaster/runtime'
import pg from 'pg'
import { percentile } from './statistics.js'

/** What the figures depend on. Load is what else the machine did when the run began. */
export type Machine = { cores: number; cpu: string; memoryGigabytes: number; node: string; postgres: string; fsync: string; commitMs: number; load1: number; date: string }

export async function describeMachine(postgresUrl: string, clock: Clock): Promise<Machine> {
  const client = new pg.Client({ connectionString: postgresUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ version: string; fsync: string }>(`SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync`)
    return {
      cores: cpus().length, cpu: cpus()[0]?.model.trim() ?? 'unknown', memoryGigabytes: Math.round(totalmem() / 2 ** 30), node: process.versions.node,
      postgres: rows[0]!.version, fsync: rows[0]!.fsync, commitMs: await commitTime(client, clock), load1: loadavg()[0]!, date: new Date(clock.now()).toISOString(),
    }
  } finally {
    await client.end()
  }
}

/** Median of a one-row commit: mostly what the disk takes for an fsync. */
async function commitTime(client: pg.Client, clock: Clock): Promise<number> {
  await client.query('CREATE TABLE IF NOT EXISTS commits (n int)')
  const took: number[] = []
  for (let n = 0; n < 50; n++) {
    const began = clock.monotonic()
    await client.query('INSERT INTO commits VALUES ($1)', [n])
    took.push(clock.monotonic() - began)
  }
  await client.query('DROP TABLE commits')
  return percentile(took, 0.5)
}

export function machineLines(machine: Machine): string {
  const { cores, cpu, memoryGigabytes, node, postgres, fsync, commitMs, load1, date } = machine
  return [
    `${date}  ${cores} cores (${cpu}), ${memoryGigabytes} GB, Node ${node}, PostgreSQL ${postgres} with fsync ${fsync} (a commit takes ${commitMs.toFixed(1)} ms)`,
    `load of the machine before the run: ${load1.toFixed(1)}. Everything runs on this machine; stub workers, REST clients and the bench take their share of its cores, but are not in "CPU per build".`,
    `others: cores that other programs kept busy meanwhile. A figure that was found beside them is slower than the machine's; CPU per build hardly is.`,
  ].join('\n')
}
