import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration } from '@yardmaster/config/host'
import { transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { propertiesFrom, SKIPPED, type Json } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { startTestEngine, type TestEngine } from '../testing/test-engine.js'

let world: Installation
const engines: TestEngine[] = []

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-collapses-'))
  const file = join(folder, 'yard.config.ts')
  writeFileSync(file, `
    import { defineConfig, steps, workers } from '@yardmaster/config'
    const common = { workers: ['w1'], steps: [steps.shell({ name: 's', command: ['x'] })] }
    export default defineConfig({
      workers: [workers.worker({ name: 'w1', password: 'p' })],
      collapseRequests: (older, newer) => older.properties.kind === newer.properties.kind,
      builders: [
        { name: 'default', ...common },
        { name: 'merges', ...common, collapseRequests: async (older, newer) => ({ properties: { tests: [...older.properties.tests, ...newer.properties.tests] } }) },
        { name: 'spins', ...common, collapseRequests: () => { for (;;); } },
        { name: 'throws', ...common, collapseRequests: () => { throw new Error('no idea') } },
        { name: 'nonsense', ...common, collapseRequests: () => 5 },
      ] })`)
  const checked = await checkConfiguration(file, systemClock().setTimeout)
  rmSync(folder, { recursive: true })
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  world = await anInstallation(checked.configuration)
  for (let index = 0; index < 2; index += 1) engines.push(await startTestEngine(world, { code: checked.bundle.code }))
})
afterAll(async () => {
  for (const engine of engines) await engine.stop()
  await world.close()
})

async function ask(builder: string, properties: { [name: string]: Json } = {}): Promise<number> {
  const { requests } = await transaction(world.db, null, tx => addBuildset(tx, {
    reason: 'r', scheduler: null, actor: 'user:a', generationId: world.generationId, properties: propertiesFrom(properties, 'Force'), sourcestamps: [], builderNames: [builder], priority: 0 }))
  return requests[0]!.requestId
}

async function decided(): Promise<void> {
  await Promise.all(engines.map(async engine => { while ((await engine.decideCollapses()).again); }))
}

async function requests(builder: string) {
  const { rows } = await world.db.pool.query<{ id: number; state: string; hold: string | null; results: number | null; properties: unknown }>(
    'SELECT r.id, r.state, r.hold, r.results, r.properties FROM build_requests r JOIN builders b ON b.id = r.builder_id WHERE b.name = $1 ORDER BY r.id', [builder])
  return rows
}
const waiting = async (builder: string) => (await requests(builder)).filter(row => row.state === 'pending' && row.hold === null).map(row => row.id)

test('the function of all builders says which two are one; two engines and two replicas that add at once', async () => {
  const asked = await Promise.all(['a', 'b', 'a', 'b', 'c', 'a'].map(kind => ask('default', { kind })))
  expect(await waiting('default')).toHaveLength(1)
  await decided()
  const rows = await requests('default')
  expect(rows.filter(row => row.state === 'complete').map(row => row.results)).toEqual([SKIPPED, SKIPPED, SKIPPED])
  const last = ['a', 'b', 'c'].map(kind => asked.filter((_, index) => ['a', 'b', 'a', 'b', 'c', 'a'][index] === kind).reduce((a, b) => Math.max(a, b)))
  expect(await waiting('default')).toEqual(last.sort((a, b) => a - b))
})

test('what it merges goes with the one that stays', async () => {
  const [, second, third] = [await ask('merges', { tests: [1] }), await ask('merges', { tests: [2] }), await ask('merges', { tests: [3] })]
  await decided()
  expect(await waiting('merges')).toEqual([third])
  expect(await requests('merges')).toMatchObject([{ results: SKIPPED }, { id: second, results: SKIPPED }, { properties: { tests: [[1, 2, 3], 'Collapse'] } }])
})

test('one that spins, throws or answers nonsense has said no, and its builder goes on', async () => {
  for (const builder of ['spins', 'throws', 'nonsense']) {
    const asked = [await ask(builder), await ask(builder), await ask(builder)]
    await decided()
    expect(await waiting(builder)).toEqual(asked)
  }
})
