import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration } from '@yardmaster/config/host'
import { systemClock } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { anInstallation } from '../../../../test/kit/installation.js'
import { ask, startTestEngine } from '../testing/test-engine.js'
import { TestWorker } from '../testing/test-worker.js'

test('a function of locks that throws, spins or answers nonsense holds up its own builder only, and its requests say why', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-builder-locks-'))
  const [file, calls] = [join(folder, 'yard.config.ts'), join(folder, 'calls')]
  writeFileSync(file, `
    import { appendFileSync } from 'node:fs'
    import { defineConfig, steps, util, workers } from '@yardmaster/config'
    const of = (name, locks) => ({ name, workers: ['w1'], collapseRequests: false, locks, steps: [steps.shell({ command: 'x' })] })
    export default defineConfig({
      workers: [workers.worker({ name: 'w1', password: 'p' })],
      builders: [of('throws', () => { appendFileSync('${calls}', 'called '); throw new Error('the reason') }), of('spins', () => { for (;;) ; }), of('nonsense', () => ['L']),
        of('fine', input => [util.masterLock('of ' + input.property('buildername')).access('counting')])],
    })`)
  const clock = systemClock()
  const checked = await checkConfiguration(file, clock.setTimeout)
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  const world = await anInstallation(checked.configuration)
  const engine = await startTestEngine(world, { code: checked.bundle.code })
  try {
    await new TestWorker(engine.port, 'w1').hello('00000000-0000-4000-8000-000000000001')
    for (const builder of ['throws', 'spins', 'nonsense', 'fine']) await ask(world, builder)
    await engine.claim()
    const { rows } = await world.db.pool.query<{ name: string; waits_for: string | null; state: string }>('SELECT u.name, r.state, r.waits_for FROM build_requests r JOIN builders u ON u.id = r.builder_id ORDER BY r.id')
    expect(rows).toEqual([
      { name: 'throws', state: 'pending', waits_for: expect.stringContaining('the reason') },
      { name: 'spins', state: 'pending', waits_for: expect.stringMatching(/^the function 'locks' of its builder failed: .*250 ms/) },
      { name: 'nonsense', state: 'pending', waits_for: expect.stringContaining("lock.access('counting') or lock.access('exclusive')") },
      { name: 'fine', state: 'claimed', waits_for: null },
    ])
    expect((await world.db.pool.query('SELECT name FROM locks')).rows).toEqual([{ name: 'of fine' }])
    // Left alone for a while.
    await engine.claim()
    expect(readFileSync(calls, 'utf8')).toBe('called ')
  } finally {
    rmSync(folder, { recursive: true })
    await engine.stop()
    await world.close()
  }
})
