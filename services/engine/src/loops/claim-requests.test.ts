import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration } from '@yardmaster/config/host'
import { transaction } from '@yardmaster/db'
import { setPriority } from '@yardmaster/db/verbs/set-priority'
import { type BuilderConfig, type Configuration } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, aWorker, type Installation } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'
import { ask, startTestEngine, type TestEngine } from '../testing/test-engine.js'
import { TestWorker } from '../testing/test-worker.js'
import { explainWaiting } from './explain-waiting.js'

let world: Installation
let code = ''
const engines: TestEngine[] = []

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop()
  await world.close()
  code = ''
})

async function rows<Row extends object>(sql: string): Promise<Row[]> {
  return (await world.db.pool.query<Row>(sql)).rows
}

/** A command that no worker of these tests ends: the build runs until the test ends. */
const forever: BuilderConfig['steps'] = [{
  kind: 'shell', name: 's', command: 'x', env: {}, workdir: 'build', timeout: null, maxTime: null, logEnviron: false, usePTY: false, decodeRC: {}, logfiles: {},
  haltOnFailure: true, flunkOnFailure: true, flunkOnWarnings: false, warnOnFailure: false, warnOnWarnings: false, alwaysRun: false, doStepIf: true, hideStepIf: false, locks: [],
  description: null, descriptionDone: null, descriptionSuffix: null,
}]
const lasting = (name: string, more: Partial<BuilderConfig> = {}) => aBuilder(name, { steps: forever, collapseRequests: false, ...more })

async function anEngine(workers: string[] = []): Promise<TestEngine> {
  const engine = await startTestEngine(world, { code })
  engines.push(engine)
  for (const [index, name] of workers.entries()) await new TestWorker(engine.port, name).hello(`00000000-0000-4000-8000-00000000000${index}`)
  return engine
}

/** The body of a configuration whose functions are to choose. */
async function configured(builders: string, more = ''): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-claims-'))
  const file = join(folder, 'yard.config.ts')
  writeFileSync(file, `
    import { defineConfig, steps, workers } from '@yardmaster/config'
    const lasts = { collapseRequests: false, workers: ['w1', 'w2'], steps: [steps.shell({ name: 's', command: ['x'] })] }
    export default defineConfig({ workers: ['w1', 'w2'].map(name => workers.worker({ name, password: 'p', labels: { is: name } })), builders: [${builders}], ${more} })`)
  const checked = await checkConfiguration(file, systemClock().setTimeout)
  rmSync(folder, { recursive: true })
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  code = checked.bundle.code
  world = await anInstallation(checked.configuration)
}

const running = async () => (await rows<{ what: string }>(
  `SELECT u.name || ' ' || b.build_request_id || '>' || w.name AS what FROM builds b JOIN builders u ON u.id = b.builder_id JOIN workers w ON w.id = b.worker_id WHERE b.complete_at IS NULL ORDER BY b.id`)).map(row => row.what)
const waits = async () => (await rows<{ waits_for: string | null }>(`SELECT waits_for FROM build_requests WHERE state = 'pending' ORDER BY id`)).map(row => row.waits_for)

/** Until functions have been asked: their thread may take a while to start. */
async function claimed(engine: TestEngine): Promise<void> {
  while ((await engine.claim()).again);
}

test('several engines claim at once: each request once, no worker beyond its builds, its units, or a folder', async () => {
  const names = ['w1', 'w2', 'w3', 'w4', 'w5', 'w6']
  const configuration: Configuration = aConfiguration({
    workers: names.map((name, index) => aWorker(name, index % 2 === 0 ? { maxBuilds: 3 } : { capacity: 4 })),
    builders: ['a', 'b', 'c', 'd', 'e', 'f'].map((name, index) => aBuilder(name, { workers: names, collapseRequests: false, units: 1 + (index % 3) })),
  })
  world = await anInstallation(configuration)
  for (let n = 0; n < 20; n++) for (const builder of configuration.builders) await ask(world, builder.name)
  await world.db.pool.query(`
    CREATE TABLE broken (what text);
    CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO broken SELECT 'worker ' || w.name || ' has ' || count(*) || ' builds of ' || sum(u.units) || ' units' FROM builds b JOIN builders u ON u.id = b.builder_id JOIN workers w ON w.id = b.worker_id
        WHERE b.worker_id = NEW.worker_id AND b.complete_at IS NULL GROUP BY w.id HAVING count(*) > coalesce(w.max_builds, 99) OR sum(u.units) > coalesce(w.capacity, 99) OR count(DISTINCT b.builder_id) < count(*);
      RETURN NEW; END $$;
    CREATE CONSTRAINT TRIGGER watch AFTER INSERT ON builds DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION watch()`)
  const trio = [await anEngine(['w1', 'w2']), await anEngine(), await anEngine()]
  for (const [index, name] of ['w3', 'w4'].entries()) await new TestWorker(trio[1]!.port, name).hello(`00000000-0000-4000-8000-00000000001${index}`)
  for (const [index, name] of ['w5', 'w6'].entries()) await new TestWorker(trio[2]!.port, name).hello(`00000000-0000-4000-8000-00000000002${index}`)
  await until('all requests to be built', async () => {
    // Two passes of one engine at once, too: a pass must not trust what it saw.
    await Promise.all([...trio, trio[0]!].map(engine => engine.claim()))
    return (await rows(`SELECT 1 FROM build_requests WHERE state <> 'complete' LIMIT 1`)).length === 0
  })
  expect(await rows('SELECT what FROM broken')).toEqual([])
  expect(await rows('SELECT build_request_id FROM builds GROUP BY 1 HAVING count(*) > 1')).toEqual([])
  expect(await rows('SELECT count(*)::int AS builds, count(DISTINCT replica_id)::int AS engines FROM builds')).toEqual([{ builds: 120, engines: 3 }])
})

test('the urgent first, then in turns; default properties stand below what asks', async () => {
  world = await anInstallation(aConfiguration({
    workers: [aWorker('w1', { maxBuilds: 1, defaultProperties: { from: 'worker', worker: 'default' } })],
    builders: [lasting('a', { defaultProperties: { from: 'builder', asked: 'default' } }), lasting('b')],
  }))
  const engine = await anEngine(['w1'])
  const [first, second, other] = [await ask(world, 'a'), await ask(world, 'a'), await ask(world, 'b')]
  await rows(`UPDATE buildsets SET properties = '{"asked": ["by me", "Force"]}'`)
  await transaction(world.db, null, tx => setPriority(tx, { requestId: second, priority: 1 }))
  const next = async () => {
    await rows('UPDATE builds SET complete_at = now(), results = 0 WHERE complete_at IS NULL')
    await engine.claim()
    return running()
  }
  expect(await next()).toEqual([`a ${second}>w1`])
  expect(await next()).toEqual([`b ${other}>w1`])
  expect(await next()).toEqual([`a ${first}>w1`])
  const [build] = await rows<{ properties: object }>('SELECT properties FROM builds ORDER BY id LIMIT 1')
  expect(build!.properties).toMatchObject({ from: ['builder', 'Builder'], worker: ['default', 'Worker'], asked: ['by me', 'Force'] })
})

test('a worker in quarantine, in downtime or paused is given nothing, and the request says why', async () => {
  world = await anInstallation(aConfiguration({
    workers: [aWorker('w1'), aWorker('w2', { downtime: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '00:00', to: '00:00', timeZone: 'UTC', reason: 'holidays' }] }), aWorker('w3')],
    builders: [lasting('a', { workers: ['w1', 'w2', 'w3'] })],
  }))
  const engine = await anEngine(['w1', 'w2', 'w3'])
  await rows(`UPDATE workers SET quarantined_until = now() + interval '1 hour' WHERE name = 'w1'`)
  await rows(`UPDATE workers SET paused = true, pause_reason = 'disk' WHERE name = 'w3'`)
  const request = await ask(world, 'a')
  const { wakeAt } = await engine.claim()
  expect(wakeAt! - Date.now()).toBeGreaterThan(3_000_000)
  await explainWaiting({ db: world.db, fence: engine.fence, generations: engine.generations, clock: systemClock() })
  expect((await waits())[0]).toMatch(/^no worker: w1 is in quarantine until \d\d:\d\d \(UTC\), w2 is in downtime until .* \(UTC\): holidays, w3 is paused \(disk\)$/)
  await rows(`UPDATE workers SET quarantined_until = now() - interval '1 second'`)
  await engine.claim()
  expect(await running()).toEqual([`a ${request}>w1`])
  expect(await rows('SELECT waits_for FROM build_requests')).toEqual([{ waits_for: null }])
})

test('nextBuild, nextWorker and prioritizeBuilders choose', async () => {
  await configured(`
    { name: 'last', ...lasts, workers: ['w1'], nextBuild: requests => requests.at(-1) ?? null },
    { name: 'second', ...lasts, nextWorker: (workers, request) => workers.find(worker => worker.labels.is === 'w2' && worker.building.length === 0 && request.builder === 'second') ?? null },
    { name: 'ignored', ...lasts }`, `prioritizeBuilders: builders => ['second', 'last'].flatMap(name => builders.filter(builder => builder.name === name))`)
  const engine = await anEngine(['w1', 'w2'])
  const [, newest, wanted] = [await ask(world, 'last'), await ask(world, 'last'), await ask(world, 'second'), await ask(world, 'ignored')]
  await claimed(engine)
  expect((await running()).sort()).toEqual([`last ${newest}>w1`, `second ${wanted}>w2`])
})

test('canStartBuild says no, not yet, and on which worker; it sees what runs there', async () => {
  await configured(`
    { name: 'plain', ...lasts, workers: ['w1'] },
    { name: 'alone', ...lasts, canStartBuild: worker => worker.building.length === 0 },
    { name: 'later', ...lasts, canStartBuild: () => ({ notBefore: Date.now() / 1000 + 3600, reason: 'not at night' }) },
    { name: 'never', ...lasts, canStartBuild: () => false }`)
  const engine = await anEngine(['w1', 'w2'])
  const [plain, alone] = [await ask(world, 'plain'), await ask(world, 'alone'), await ask(world, 'later'), await ask(world, 'never')]
  await claimed(engine)
  expect((await running()).sort()).toEqual([`alone ${alone}>w2`, `plain ${plain}>w1`])
  expect(await waits()).toEqual(['not at night', expect.stringMatching(/^canStartBuild said no on w[12], w[12]$/)])
  const { wakeAt } = await engine.claim()
  expect(wakeAt! - Date.now()).toBeGreaterThan(3_000_000)
})

test('functions that spin, throw or answer nonsense hold up nobody else, and their builders go on without them', async () => {
  await configured(`
    { name: 'spins', ...lasts, nextBuild: () => { for (;;); } },
    { name: 'throws', ...lasts, nextWorker: () => { throw new Error('oh') } },
    { name: 'odd', ...lasts, nextBuild: () => 4711 },
    { name: 'broken', ...lasts, canStartBuild: () => { throw new Error('no idea') } },
    { name: 'plain', ...lasts }`, `prioritizeBuilders: () => ['nobody']`)
  const engine = await anEngine(['w1', 'w2'])
  const requests = [await ask(world, 'spins'), await ask(world, 'throws'), await ask(world, 'odd'), await ask(world, 'broken'), await ask(world, 'plain')]
  await engine.claim()
  expect(await running()).toContainEqual(expect.stringContaining('plain'))
  await until('all but the broken one to be built', async () => {
    await claimed(engine)
    return (await running()).length === 4
  })
  expect(await waits()).toEqual(['canStartBuild failed: Error: no idea (yard.config.ts:8:62)'])
  expect((await running()).map(what => Number(/ (\d+)>/.exec(what)![1])).sort()).toEqual(requests.filter((_, index) => index !== 3))
})

test('a moment out of all range is one far away, and holds up nobody else', async () => {
  await configured(`
    { name: 'far', ...lasts, canStartBuild: () => ({ notBefore: 1e300, reason: 'when hell freezes over' }) },
    { name: 'unsaid', ...lasts, canStartBuild: () => ({ notBefore: NaN, reason: 'unsaid' }) },
    { name: 'plain', ...lasts }`)
  const engine = await anEngine(['w1'])
  const [, , plain] = [await ask(world, 'far'), await ask(world, 'unsaid'), await ask(world, 'plain')]
  await claimed(engine)
  expect(await running()).toEqual([`plain ${plain}>w1`])
  expect(await waits()).toEqual(['when hell freezes over', expect.anything()])
  expect(await rows(`SELECT 1 FROM build_requests WHERE not_before > now() + interval '300 days'`)).not.toEqual([])
})

test('what cannot start however often it is looked at hides nothing', async () => {
  const names = Array.from({ length: 30 }, (_, n) => `b${n}`)
  world = await anInstallation(aConfiguration({ workers: [aWorker('w1', { maxBuilds: 1 }), aWorker('w2', { maxBuilds: 1 })], builders: [...names.map(name => lasting(name, { workers: ['w1'] })), lasting('z', { workers: ['w2'] })] }))
  const engine = await anEngine(['w1', 'w2'])
  for (const name of names) for (let n = 0; n < 8; n++) await ask(world, name)
  await rows('UPDATE build_requests SET priority = 9')
  const last = await ask(world, 'z')
  await engine.claim()
  expect((await running())[1] ?? '').toBe(`z ${last}>w2`)
})

test('a request for one worker alone waits for it, says so, and holds up nobody', async () => {
  world = await anInstallation(aConfiguration({ workers: [aWorker('w1'), aWorker('w2'), aWorker('w3')], builders: [lasting('a', { workers: ['w1', 'w2', 'w3'] }), lasting('b', { workers: ['w1'] })] }))
  const askFor = async (builder: string, worker: string | null) => {
    const id = await ask(world, builder)
    await world.db.pool.query('UPDATE build_requests SET worker_name = $2 WHERE id = $1', [id, worker])
    return id
  }
  const engine = await anEngine(['w1', 'w2'])
  const first = await askFor('a', 'w2')
  await claimed(engine)
  expect(await running()).toEqual([`a ${first}>w2`])
  // More than are looked at in one round, of a worker that is busy and of one that is elsewhere.
  const blocked: number[] = []
  for (let n = 0; n < 30; n++) blocked.push(await askFor('a', n % 2 === 0 ? 'w2' : 'w3'))
  const free = await askFor('a', null)
  await claimed(engine)
  expect(await running()).toEqual([`a ${first}>w2`, `a ${free}>w1`])
  await explainWaiting({ db: world.db, fence: engine.fence, generations: engine.generations, clock: systemClock() })
  expect((await waits())[0]).toBe('worker w2 is busy')
  const elsewhere = await anEngine([])
  await new TestWorker(elsewhere.port, 'w3').hello('00000000-0000-4000-8000-000000000009')
  await claimed(elsewhere)
  expect(await running()).toEqual([`a ${first}>w2`, `a ${free}>w1`, `a ${blocked[1]}>w3`])
})

test('functions that choose are given only the worker that was asked for', async () => {
  await configured(`{ ...lasts, name: 'a', nextWorker: workers => workers[0].name }`)
  const id = await ask(world, 'a')
  await world.db.pool.query(`UPDATE build_requests SET worker_name = 'w2' WHERE id = $1`, [id])
  await claimed(await anEngine(['w1', 'w2']))
  expect(await running()).toEqual([`a ${id}>w2`])
})
