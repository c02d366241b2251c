import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { createClient } from '@yardmaster/rest'
import { forceBuilds } from '../force.js'
import { startInstallation, trivialConfig, type Bench, type Installation } from '../installation.js'
import { RestProbe } from '../probe.js'
import { peakMegabytes, resetPeak, residentMegabytes } from '../processes.js'
import { percentiles } from '../statistics.js'
import type { Figure } from '../table.js'
import { allComplete } from './builds.js'

/** 79 characters and the end of the line. */
const LINE = 'a line of a log as long as compilers write them, over and over, 80 bytes in all.'.slice(0, 79)

/** One step that prints as fast as it can, on Yardmaster's own worker, from the build's start to its end. */
export async function measureLog(bench: Bench): Promise<Figure[]> {
  const lines = bench.quick ? 125_000 : 1_250_000
  const command = `yes '${LINE}' | head -n ${lines}`
  const installation = await startInstallation(bench, { name: 'log', config: trivialConfig({ workers: 1, builders: 1, command }) })
  try {
    const worker = await installation.startWorker('w0')
    const pids = { engine: installation.roles.engine.pid, worker: worker.pid }
    const before = { engine: residentMegabytes(pids.engine), worker: residentMegabytes(pids.worker) }
    for (const pid of Object.values(pids)) resetPeak(pid)
    const cpuBefore = installation.cpu()
    const probe = new RestProbe(installation.url)
    await forceBuilds({ url: installation.url, count: 1, builders: 1, clients: 1, rate: null, clock: bench.clock })
    await allComplete(bench, installation, 1)
    const { took } = await probe.report()
    const cpuAfter = installation.cpu()
    const more = { engine: peakMegabytes(pids.engine) - before.engine, worker: peakMegabytes(pids.worker) - before.worker }
    const [row] = await installation.rows<{ seconds: number; log: number }>(
      `SELECT extract(epoch FROM b.complete_at - b.started_at)::float AS seconds, l.id AS log FROM builds b JOIN steps s ON s.build_id = b.id JOIN logs l ON l.step_id = s.id`)
    const read = await readBack(bench, installation, row!.log, lines)
    const { seconds } = row!
    const cpu = (part: 'engine' | 'postgres') => `${((cpuAfter[part] - cpuBefore[part]) / 1000).toFixed(1)} s`
    const megabytes = (lines * 80) / 1e6
    const allowed = (4 * megabytes) / 100
    return [
      { measure: `a step prints ${megabytes} MB, own worker`, buildbot: '14.5-27 s for 100 MB', budget: `<= ${allowed} s`, found: `${seconds.toFixed(1)} s, ${(megabytes / seconds).toFixed(0)} MB/s (${lines} lines, all read back; CPU: engine ${cpu('engine')}, PostgreSQL ${cpu('postgres')})`, met: seconds <= allowed },
      { measure: 'memory that it takes, engine / worker', buildbot: '+100 MB', budget: '<= +64 MB', found: `+${more.engine.toFixed(0)} MB / +${more.worker.toFixed(0)} MB`, met: more.engine <= 64 },
      { measure: 'GET builds?limit=50 meanwhile, p50 / p99 / max', buildbot: '6-18 / 154-383 / 186-549 ms', budget: '', found: `${percentiles(took, [0.5, 0.99, 1])} ms (n=${took.length})`, met: null },
      { measure: 'that log downloaded', buildbot: '', budget: '', found: `${read.toFixed(1)} s, ${(megabytes / read).toFixed(0)} MB/s`, met: null },
    ]
  } finally {
    await installation.stop()
  }
}

/** Downloads the log and throws unless every line is there, once and whole. Answers how long it took, s. */
async function readBack({ clock }: Bench, { url }: Installation, log: number, lines: number): Promise<number> {
  const began = clock.monotonic()
  const { body } = await createClient({ baseUrl: url }).raw(`logs/${log}/raw`)
  if (!body) throw new Error(`log ${log} was answered without a body`)
  let found = 0
  for await (const line of createInterface({ input: Readable.fromWeb(body) })) if (line === LINE) found++
  if (found !== lines) throw new Error(`log ${log} has ${found} of ${lines} lines`)
  return (clock.monotonic() - began) / 1000
}
