import { Agent } from 'node:http'
import { createClient } from '@yardmaster/rest'
import { forceOne } from '../force.js'
import { PASSWORD, startInstallation, type Bench, type Installation } from '../installation.js'
import { RestProbe } from '../probe.js'
import { percentile, percentiles } from '../statistics.js'
import type { Figure } from '../table.js'
import { allComplete } from './builds.js'

const PRINTERS = 4
const SPIN_MS = 3_000
const EVERY_MS = 50

/** Builds that print when they print; and one whose custom step computes for 3 s without ever waiting. */
const config = (lines: number) => `
import { defineConfig, schedulers, steps, workers } from '@yardmaster/config'
const names = Array.from({ length: ${PRINTERS} }, (_, index) => 'b' + index)
const print = 'i=0; while [ $i -lt ${lines} ]; do date +%s%3N; i=$((i+1)); sleep ${EVERY_MS / 1000}; done'
export default defineConfig({
  workers: [workers.worker({ name: 'w0', password: '${PASSWORD}' })],
  builders: [
    ...names.map(name => ({ name, workers: ['w0'], steps: [steps.shell({ name: 'prints', command: print, logEnviron: false })] })),
    { name: 'spins', workers: ['w0'], steps: [async ctx => { const until = await ctx.now() + ${SPIN_MS}; while (Date.now() < until); }] },
  ],
  schedulers: [schedulers.force({ name: 'force', builders: [...names, 'spins'] })],
})
`

/** How late other builds' lines are, and pages, while a custom step blocks its thread. */
export async function measureIsolation(bench: Bench): Promise<Figure[]> {
  const rounds = bench.quick ? 1 : 3
  const lines = Math.ceil((rounds * (SPIN_MS + 1_500)) / EVERY_MS)
  const installation = await startInstallation(bench, { name: 'isolation', config: config(lines) })
  const agent = new Agent({ keepAlive: true })
  try {
    await installation.startWorker('w0')
    const watch = await watchLines(bench, installation)
    for (let printer = 0; printer < PRINTERS; printer++) await forceOne(agent, installation.url, `b${printer}`)
    await bench.clock.sleep(1_000)
    const probe = new RestProbe(installation.url)
    for (let round = 1; round <= rounds; round++) {
      await forceOne(agent, installation.url, 'spins')
      await watch.spun(round)
    }
    const { took } = await probe.report()
    await allComplete(bench, installation, PRINTERS + rounds)
    watch.stop()
    const { meanwhile, otherwise } = await lateness(installation, watch.arrivals)
    return [
      figure('lines of other builds, print to event, while a custom step blocks for 3 s', meanwhile, 'lines'),
      { ...figure('the same while nothing blocks', otherwise, 'lines'), buildbot: '', budget: '', met: null },
      figure('GET builds?limit=50 while a custom step blocks for 3 s', took, 'answers'),
    ]
  } finally {
    agent.destroy()
    await installation.stop()
  }
}

function figure(measure: string, took: number[], what: string): Figure {
  const worst = percentile(took, 1)
  return { measure: `${measure}, p50 / p99 / max`, buildbot: '3,000 ms', budget: 'max <= 100 ms', found: `${percentiles(took, [0.5, 0.99, 1])} ms (${took.length} ${what})`, met: worst <= 100 }
}

/** How many lines a log had when (epoch ms), as a browser hears of it. */
type Arrival = { log: number; lines: number; at: number }
type Watch = { arrivals: Arrival[]; /** Resolves when so many spinning builds have ended. */ spun(count: number): Promise<void>; stop(): void }

async function watchLines({ clock }: Bench, { url, rows }: Installation): Promise<Watch> {
  const abort = new AbortController()
  const arrivals: Arrival[] = []
  const [spins] = await rows<{ id: number }>(`SELECT id FROM builders WHERE name = 'spins'`)
  let ended = 0
  let onEnded = (): void => undefined
  await new Promise<void>((resolve, reject) => {
    createClient({ baseUrl: url }).follow(['logs/*/append', `builders/${spins!.id}/builds/*/finished`], {
      signal: abort.signal,
      wait: (ms, signal) => clock.sleep(ms, signal), random: () => 0,
      onConnected: connected => { if (connected) resolve() },
      onEvent: ({ k, m }) => {
        if (k.endsWith('/append')) return void arrivals.push({ log: Number(m['logid']), lines: Number(m['num_lines']), at: clock.now() })
        ended += 1
        onEnded()
      },
    }).catch(reject)
  })
  const spun = (count: number) => new Promise<void>(resolve => {
    onEnded = () => { if (ended >= count) resolve() }
    onEnded()
  })
  return { arrivals, spun, stop: () => abort.abort() }
}

/** Of each line, from the time that it says to the event that told of it. */
async function lateness(installation: Installation, arrivals: Arrival[]): Promise<{ meanwhile: number[]; otherwise: number[] }> {
  const blocked = await installation.rows<{ from: number; to: number }>(
    `SELECT extract(epoch FROM b.started_at)::float * 1000 AS from, extract(epoch FROM b.complete_at)::float * 1000 AS to FROM builds b JOIN builders u ON u.id = b.builder_id WHERE u.name = 'spins'`)
  const logs = await installation.rows<{ id: number; content: string }>(
    `SELECT l.id, string_agg(convert_from(c.content, 'UTF8'), '' ORDER BY c.first_line) AS content FROM logs l JOIN log_chunks c ON c.log_id = l.id GROUP BY l.id`)
  const found = { meanwhile: [] as number[], otherwise: [] as number[] }
  for (const { id, content } of logs) {
    const told = arrivals.filter(arrival => arrival.log === id).sort((a, b) => a.lines - b.lines)
    for (const [index, line] of content.split('\n').entries()) {
      const printed = /^o(\d{13})$/.exec(line)
      const arrival = printed && told.find(({ lines }) => lines > index)
      if (!printed || !arrival) continue
      const at = Number(printed[1])
      const while3s = blocked.some(({ from, to }) => at >= from && at <= to)
      found[while3s ? 'meanwhile' : 'otherwise'].push(arrival.at - at)
    }
  }
  return found
}
