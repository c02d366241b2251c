import { execFileSync } from 'node:child_process'
import { fillLargeDatabase } from '../../kit/large-database.js'
import { startInstallation, trivialConfig, type Bench, type Installation } from '../installation.js'
import { runLoad } from '../load.js'
import type { LoadReport } from '../load-client.js'
import { percentile, percentiles } from '../statistics.js'
import type { Figure } from '../table.js'

const USER = { name: 'alice', password: 'wonderland-2026' }
const RATES = [0, 200, 1_000]
const USERS_RATE = 20

/** What somebody who has signed in waits, alone and beside a crawler, with ui-api on one core. */
export async function measureCrawler(bench: Bench): Promise<Figure[]> {
  const builds = bench.builds ?? (bench.quick ? 5_000 : 200_000)
  const config = trivialConfig({ workers: 1, builders: 1, www: `{ auth: auth.users({ ${USER.name}: '${USER.password}' }) }` })
  const installation = await startInstallation(bench, { name: 'crawler', config })
  try {
    const [database] = await installation.rows<{ name: string }>('SELECT current_database() AS name')
    const url = new URL(bench.postgres.url)
    url.pathname = `/${database!.name}`
    await fillLargeDatabase(url.href, { builds })
    execFileSync('taskset', ['-acp', '0', String(installation.roles['ui-api'].pid)], { stdio: 'ignore' })
    const cookie = await signIn(installation.url)
    const addresses = await addressesOf(installation)
    const forMs = bench.quick ? 3_000 : 15_000
    await beside(addresses, { perSecond: 50, forMs: 2_000, cookie })
    const figures: Figure[] = []
    for (const perSecond of RATES) {
      const { user, crawler } = await beside(addresses, { perSecond, forMs, cookie })
      const p99 = percentile(user.took, 0.99)
      figures.push({
        measure: `a signed-in user beside a crawler at ${perSecond} /s, ${builds} builds, one core: p50 / p99 / max`, buildbot: '', budget: perSecond === 200 ? 'p99 <= 60 ms' : '', met: perSecond === 200 ? p99 <= 60 : null,
        found: `${percentiles(user.took, [0.5, 0.99, 1])} ms${told(user)}${crawler ? `; crawler ${percentiles(crawler.took, [0.5, 0.99])} ms, n=${crawler.took.length}${told(crawler)}` : ''}`,
      })
    }
    return figures
  } finally {
    await installation.stop()
  }
}

const told = ({ others }: LoadReport) => Object.entries(others).map(([status, count]) => `, ${count} answered ${status}`).join('')

async function beside(addresses: { user: string[]; crawler: string[] }, { perSecond, forMs, cookie }: { perSecond: number; forMs: number; cookie: string }): Promise<{ user: LoadReport; crawler: LoadReport | null }> {
  const headers = { accept: 'application/json', 'accept-encoding': 'gzip' }
  const [user, crawler] = await Promise.all([
    runLoad({ urls: addresses.user, perSecond: USERS_RATE, headers: { ...headers, cookie }, forMs }),
    perSecond > 0 ? runLoad({ urls: addresses.crawler, perSecond, headers, forMs }) : null,
  ])
  return { user, crawler }
}

async function signIn(url: string): Promise<string> {
  const response = await fetch(new URL('auth/login', url), {
    method: 'POST', headers: { 'content-type': 'application/json', origin: new URL(url).origin }, body: JSON.stringify({ username: USER.name, password: USER.password }),
  })
  const [cookie] = response.headers.getSetCookie()
  if (!response.ok || cookie === undefined) throw new Error(`signing in was answered ${response.status}: ${await response.text()}`)
  return cookie.split(';')[0] ?? ''
}

/** Pages of builds, builders and logs, spread over all that there is. */
async function addressesOf({ url, rows }: Installation): Promise<{ user: string[]; crawler: string[] }> {
  const found = await rows<{ build: number; builder: number; log: number }>(
    `SELECT b.id AS build, b.builder_id AS builder, l.id AS log FROM builds b JOIN steps s ON s.build_id = b.id JOIN logs l ON l.step_id = s.id
     WHERE b.id % greatest((SELECT max(id) / 200 FROM builds), 1) = 0 ORDER BY b.id DESC LIMIT 200`)
  const at = (path: string) => new URL(`api/v2/${path}`, url).href
  const pagesOf = ({ build, builder, log }: { build: number; builder: number; log: number }) => [
    at('builds?order=-buildid&limit=50'), at(`builds/${build}`), at(`builds/${build}/steps`), at(`builders/${builder}/builds?order=-number&limit=20`), at(`logs/${log}/contents?limit=200`),
  ]
  const crawler = found.flatMap(each => [...pagesOf(each), at(`builders/${each.builder}`), at('builders?limit=200'), at(`logs/${each.log}/raw`)])
  return { user: found.slice(0, 20).flatMap(pagesOf), crawler }
}
