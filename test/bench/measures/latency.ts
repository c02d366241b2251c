import { Agent } from 'node:http'
import { createClient } from '@yardmaster/rest'
import { forceOne } from '../force.js'
import { startInstallation, trivialConfig, type Bench, type Installation } from '../installation.js'
import { percentile, percentiles } from '../statistics.js'
import type { Figure } from '../table.js'

type Seen = { started: number; complete: number }

/** Builds one after the other on an idle installation: how long a person waits, by the event stream and by the rows. */
export async function measureLatency(bench: Bench): Promise<Figure[]> {
  const count = bench.quick ? 15 : 50
  const installation = await startInstallation(bench, { name: 'latency', config: trivialConfig({ workers: 1, builders: 1 }) })
  try {
    await installation.startWorker('w0')
    const watch = await watchBuilds(bench, installation)
    const agent = new Agent({ keepAlive: true })
    const seen: Seen[] = []
    for (let n = 0; n < count + 5; n++) {
      const sent = bench.clock.monotonic()
      const answered = forceOne(agent, installation.url, 'b0')
      const times = await watch.next()
      await answered
      // The first ones compile code and open connections.
      if (n >= 5) seen.push({ started: times.started - sent, complete: times.complete - sent })
      await bench.clock.sleep(100)
    }
    watch.stop()
    agent.destroy()
    const rows = await installation.rows<Seen>(
      `SELECT extract(epoch FROM b.started_at - r.submitted_at)::float * 1000 AS started, extract(epoch FROM r.complete_at - r.submitted_at)::float * 1000 AS complete
       FROM build_requests r JOIN builds b ON b.build_request_id = r.id ORDER BY r.id OFFSET 5`)
    return [
      ...figures('POST to event on /sse', seen, { started: '61-110', complete: '176-300' }),
      ...figures('by the rows\' times', rows, { started: '', complete: '' }),
    ]
  } finally {
    await installation.stop()
  }
}

function figures(how: string, seen: Seen[], buildbot: { started: string; complete: string }): Figure[] {
  return ([['started', 15], ['complete', 50]] as const).map(([what, most]) => {
    const values = seen.map(times => times[what])
    return {
      measure: `request to build ${what}, idle, ${how}, p50 / p90 / p99`, buildbot: buildbot[what] === '' ? '' : `${buildbot[what]} ms`,
      budget: `p50 <= ${most} ms`, found: `${percentiles(values, [0.5, 0.9, 0.99])} ms (n=${values.length})`, met: percentile(values, 0.5) <= most,
    }
  })
}

/** When the events of the next build arrived (monotonic ms). */
async function watchBuilds({ clock }: Bench, { url }: Installation): Promise<{ next(): Promise<Seen>; stop(): void }> {
  const abort = new AbortController()
  let started = Number.NaN
  let onComplete: (seen: Seen) => void = () => {}
  await new Promise<void>((resolve, reject) => {
    createClient({ baseUrl: url }).follow(['builds/*/new', 'builds/*/finished'], {
      signal: abort.signal,
      wait: (ms, signal) => clock.sleep(ms, signal), random: () => 0,
      onConnected: connected => { if (connected) resolve() },
      onEvent: ({ k }) => {
        if (k.endsWith('/new')) started = clock.monotonic()
        else onComplete({ started, complete: clock.monotonic() })
      },
    }).catch(reject)
  })
  return { next: () => new Promise(resolve => { onComplete = resolve }), stop: () => abort.abort() }
}
