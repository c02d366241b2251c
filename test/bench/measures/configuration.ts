import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startInstallation, type Bench, type Installation } from '../installation.js'
import { percentile } from '../statistics.js'
import type { Figure } from '../table.js'

const run = promisify(execFile)
const file = join(import.meta.dirname, '../large/yard.config.ts')
const yard = join(import.meta.dirname, '../../../packages/cli/bin/yard.mjs')

/** A configuration of the shape of the largest public ones: checked by hand, and brought to an installation that has another. */
export async function measureConfiguration(bench: Bench): Promise<Figure[]> {
  const checks: number[] = []
  for (let n = 0; n < (bench.quick ? 1 : 7); n += 1) {
    const began = bench.clock.monotonic()
    await run(process.execPath, [yard, 'check', '--config', file])
    checks.push(bench.clock.monotonic() - began)
  }
  const reload = await measureReload(bench)
  return [
    { measure: 'yard check, 1,090 builders and 200 workers, p50', buildbot: '', budget: '<= 2 s', found: `${(percentile(checks, 0.5) / 1000).toFixed(2)} s`, met: percentile(checks, 0.5) <= 2_000 },
    { measure: 'the same, changed: SIGHUP to the new generation active', buildbot: '', budget: '', found: `${(reload / 1000).toFixed(2)} s`, met: null },
  ]
}

async function measureReload(bench: Bench): Promise<number> {
  const installation = await startInstallation(bench, { name: 'configuration', config: large('first') })
  try {
    await untilActive(bench, installation, 'first')
    writeFileSync(join(installation.folder, 'yard.config.ts'), large('second'))
    const began = bench.clock.monotonic()
    process.kill(installation.roles.scheduler.pid, 'SIGHUP')
    await untilActive(bench, installation, 'second')
    return bench.clock.monotonic() - began
  } finally {
    await installation.stop()
  }
}

const large = (title: string) => `import { defineConfig } from '@yardmaster/config'
import config from ${JSON.stringify(file)}
export default defineConfig({ ...config.options, title: '${title}' })
`

async function untilActive(bench: Bench, { rows }: Installation, title: string): Promise<void> {
  const deadline = bench.clock.monotonic() + 60_000
  for (;;) {
    const found = await rows(`SELECT 1 FROM configuration_sets s JOIN generations g ON g.id = s.active_generation_id WHERE g.configuration->>'title' = $1`, [title])
    if (found.length > 0) return
    if (bench.clock.monotonic() > deadline) throw new Error(`the configuration '${title}' is not active after 60 s`)
    await bench.clock.sleep(10)
  }
}
