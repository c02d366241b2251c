import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { builders, createYardClient, routes } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const config = (names: string[], command: string) => `
import { defineConfig, schedulers, steps, workers } from '@yardmaster/config'
export default defineConfig({
  workers: [workers.worker({ name: 'w1', password: 'pw' })],
  builders: [${names.map(name => `{ name: '${name}', key: 'key-${name[0]}', workers: ['w1'], steps: [steps.shell({ command: ${JSON.stringify(command)} })] }`).join(', ')}],
  schedulers: [schedulers.force({ name: 'force', builders: ${JSON.stringify(names)} })],
})
`
let cluster: Cluster
beforeAll(async () => { cluster = await startCluster({ config: config(['alpha', 'beta'], 'echo first; sleep 3; echo still first'), workers: ['w1'] }) })
afterAll(() => cluster?.stop())

const idOf = async (name: string) => (await shown()).find(builder => builder.name === name)!.builderid
const shown = async () => (await cluster.client.list(builders, 'builders', { order: 'builderid' })).rows.map(({ builderid, name }) => ({ builderid, name }))

/** What SIGHUP does to a replica that reads this text as its configuration. */
async function reload(text: string, says: string): Promise<void> {
  writeFileSync(join(cluster.folder, 'yard.config.ts'), text)
  const { engine } = cluster.roles
  const seen = engine.lines.length
  engine.signal('SIGHUP')
  await until(`the engine to say ${says}`, () => engine.lines.slice(seen).some(line => line.includes(says)))
}

async function force(builderid: number): Promise<number> {
  const [, requests] = await cluster.client.control('forceschedulers/force', 'force', { builderid }) as [number, { [builder: string]: number }]
  return requests[String(builderid)]!
}

const logOf = async (requestId: number) => {
  const build = await until('the build to end', async () => (await cluster.rows<{ id: number }>('SELECT id FROM builds WHERE build_request_id = $1 AND complete_at IS NOT NULL', [requestId]))[0])
  return (await cluster.client.raw(`builds/${build.id}/steps/0/logs/stdio/raw_inline`)).text()
}

test('a wrong configuration changes nothing, and is told in full', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  const before = await shown()
  await reload(config(['alpha'], 'x').replace('command:', 'comand:').replace("['w1']", "['w2']"), 'the configuration is wrong; the old one stays')
  const told = cluster.roles.engine.lines.join('\n')
  expect(told).toMatch(/comand.*command/s)
  expect(told).toMatch(/w2.*w1/s)
  expect(await shown()).toEqual(before)
  expect(before.map(({ name }) => name), 'in the order of the file').toEqual(['alpha', 'beta'])
  expect(await logOf(await force(await idOf('alpha')))).toContain('first\n')
})

test('a right one is taken by every role; builds that run end on theirs; a renamed builder keeps its id', async () => {
  const alpha = await idOf('alpha')
  const running = await force(alpha)
  await until('it to print', async () => (await cluster.rows('SELECT 1 FROM builds b JOIN steps s ON s.build_id = b.id JOIN logs l ON l.step_id = s.id WHERE b.build_request_id = $1 AND l.num_lines > 0', [running])).length > 0)
  await reload(config(['alice'], 'echo second'), 'configuration is active')
  await until('ui-api to show it', async () => (await shown()).some(({ name }) => name === 'alice'))
  expect(await idOf('alice')).toBe(alpha)
  expect((await cluster.rows(`SELECT 1 FROM builders WHERE name = 'beta' AND NOT active`))).toHaveLength(1)
  expect(await logOf(running)).toContain('still first\n')
  const next = await until('force to know the new builders', () => force(alpha).catch(() => null))
  expect(await logOf(next)).toContain('second\n')
})

test('by order every replica reads its file again, says what came of it, and an older generation is gone back to', async () => {
  const yard = createYardClient({ baseUrl: cluster.url })
  const reloaded = async () => {
    const { reload } = await yard.call(routes.reloads.reload, {})
    return until('every replica to answer', async () => {
      const now = (await yard.call(routes.reloads.one, { params: { reload: reload.id } })).reload
      return now.awaited.length === 0 && now.outcomes.length > 0 ? now : undefined
    })
  }
  const file = join(cluster.folder, 'yard.config.ts')
  writeFileSync(file, config(['alpha'], 'echo old'))
  expect((await reloaded()).outcomes.map(({ outcome }) => outcome).sort()).toEqual(['activated', 'unchanged', 'unchanged'])
  const old = (await yard.call(routes.generations.list, { query: { limit: 1 } })).generations[0]!
  writeFileSync(file, config(['alpha', 'gamma'], 'echo new'))
  const { outcomes, actor } = await reloaded()
  expect(new Set(outcomes.map(({ role }) => role))).toEqual(new Set(['engine', 'scheduler', 'ui-api']))
  expect(actor).toBe('user:anonymous')
  writeFileSync(file, 'this is no configuration')
  expect((await reloaded()).outcomes).toEqual(expect.arrayContaining([expect.objectContaining({ outcome: 'wrong', findings: expect.stringContaining('yard.config.ts') as string })]))
  const { differences } = await yard.call(routes.generations.diff, { params: { generation: old.id } })
  expect(differences).toEqual(expect.arrayContaining([expect.objectContaining({ what: 'builders.gamma', after: null })]))
  expect(await yard.call(routes.generations.apply, { params: { generation: old.id } })).toMatchObject({ generation: { id: old.id, active: true } })
  expect((await yard.call(routes.lists.builders, {})).builders.map(({ name }) => name)).toEqual(['alpha'])
  await until('ui-api to have taken it up', async () => (await yard.call(routes.about.show, {})).about.generation === old.id)
  expect(await logOf(await force(await idOf('alpha')))).toContain('old')
  writeFileSync(file, config(['alpha', 'gamma'], 'echo new'))
  expect(new Set((await reloaded()).outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['older']))
  expect(await cluster.rows(`SELECT action FROM control_actions WHERE thing = 'generations' AND action = 'apply'`)).toHaveLength(1)
  await expect(yard.call(routes.generations.apply, { params: { generation: 4711 } })).rejects.toMatchObject({ status: 404 })
})
