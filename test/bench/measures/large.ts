import type { Bench } from '../installation.js'
import { startLargeInstallation, type LargeInstallation } from '../large-installation.js'
import { runLoad } from '../load.js'
import { cpuOf, residentMegabytes } from '../processes.js'
import { percentile, percentiles } from '../statistics.js'
import type { Figure } from '../table.js'

const RATE = 200
const BUDGET_MS = 30
/** 84 bytes each: 1 GB. */
const LOG_LINES = 12_000_000

type Page = { measure: string; paths: string[] }

/** What readers wait at a steady 200 requests per second of one ui-api on one core, over a million builds. */
export async function measureLarge(bench: Bench): Promise<Figure[]> {
  const builds = bench.builds ?? (bench.quick ? 20_000 : 1_000_000)
  const installation = await startLargeInstallation(bench, { name: 'large', builds, logLines: bench.quick ? 100_000 : LOG_LINES })
  try {
    const figures: Figure[] = []
    for (const page of await pagesOf(installation)) figures.push(await measurePage(bench, installation, page))
    return figures
  } finally {
    await installation.stop()
  }
}

async function measurePage({ quick }: Bench, { url, api }: LargeInstallation, { measure, paths }: Page): Promise<Figure> {
  const urls = paths.map(path => new URL(`api/v2/${path}`, url).href)
  const headers = { accept: 'application/json' }
  // Compiled code, connections and caches as a service has them that has run for a minute.
  await runLoad({ urls, perSecond: RATE / 2, headers, forMs: quick ? 1_000 : 4_000 })
  const cpuBefore = cpuOf({ api: api.pid }).api
  const { took, others } = await runLoad({ urls, perSecond: RATE, headers, forMs: quick ? 2_000 : 12_000 })
  const cpu = (cpuOf({ api: api.pid }).api - cpuBefore) / Math.max(took.length, 1)
  const p99 = percentile(took, 0.99)
  const refused = Object.entries(others).map(([status, count]) => `, ${count} answered ${status}`).join('')
  return {
    measure: `${measure} at ${RATE} /s, p50 / p90 / p99 / max`, buildbot: '', budget: `p99 <= ${BUDGET_MS} ms`, met: p99 <= BUDGET_MS && refused === '',
    found: `${percentiles(took, [0.5, 0.9, 0.99, 1])} ms (n=${took.length}, CPU of ui-api ${cpu.toFixed(1)} ms each, ${residentMegabytes(api.pid).toFixed(0)} MB${refused})`,
  }
}

async function pagesOf({ rows }: LargeInstallation): Promise<Page[]> {
  const some = await rows<{ id: number; builder: number; number: number; request: number; buildset: number; step: number; log: number }>(
    `SELECT b.id, b.builder_id AS builder, b.number, r.id AS request, r.buildset_id AS buildset, s.id AS step, l.id AS log
     FROM (SELECT floor(random() * (SELECT max(id) FROM builds))::bigint AS id FROM generate_series(1, 200)) c JOIN builds b ON b.id = c.id
     JOIN build_requests r ON r.id = b.build_request_id JOIN steps s ON s.build_id = b.id AND s.number = 2 JOIN logs l ON l.step_id = s.id AND l.slug = 'stdio'`)
  const [log] = await rows<{ id: number; lines: number }>('SELECT log_id AS id, max(last_line) + 1 AS lines FROM log_chunks WHERE first_line > 20000 GROUP BY log_id LIMIT 1')
  return [
    { measure: 'GET builds?limit=50', paths: ['builds?limit=50', 'builds?limit=50&order=-buildid'] },
    { measure: 'GET builders, 4,000 of them', paths: ['builders'] },
    { measure: "a build page's queries", paths: some.flatMap(({ id, builder, number, request, buildset, step, log: stdio }) => [
      `builders/${builder}`, `builders/${builder}/builds/${number}`, `builds/${id}?property=*`, `builds/${id}/properties`, `builds/${id}/steps?order=number`, `steps/${step}/logs`, `logs/${stdio}/contents?offset=0&limit=500`, `builds/${id}/changes`,
      `buildrequests/${request}`, `buildsets/${buildset}`, `buildsets/${buildset}/sourcestamps`, `builders/${builder}/builds?number__gt=${number}&order=number&limit=1`,
    ]) },
    { measure: `a log window of 200 lines anywhere in ${log?.lines} lines`, paths: Array.from({ length: 1000 }, (_, index) => `logs/${log?.id}/contents?offset=${Math.floor((Number(log?.lines) - 200) * ((index * 0.618) % 1))}&limit=200`) },
  ]
}
