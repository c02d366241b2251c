import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SUCCESS } from '@yardmaster/domain'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-drain-'))
const truth = join(folder, 'truth')
const gate = join(folder, 'gate')
const said = (line: string) => readFileSync(truth, 'utf8').split('\n').filter(found => found === line).length
const command = (name: string) => `echo begin-${name} >> '${truth}'; for i in 1 2 3 4 5 6 7 8 9 10; do echo ${name} $i; sleep 0.2; done; while [ ! -e '${gate}' ]; do sleep 0.1; done; echo end-${name} >> '${truth}'`
const config = `
import { existsSync } from 'node:fs'
import { defineConfig, schedulers, steps, workers } from '@yardmaster/config'
const pause = () => new Promise(resolve => setTimeout(resolve, 20))
const only = { workers: ['w1'] }
export default defineConfig({
  workers: [workers.worker({ name: 'w1', password: 'pw' })],
  builders: [
    { name: 'shell', ...only, steps: [steps.shell({ name: 'one', command: ${JSON.stringify(command('shell'))} }), steps.shell({ name: 'two', command: 'true' })] },
    // Goes on by itself, without the worker: it must not write after the engine has said good-bye.
    { name: 'talks', ...only, steps: [async ctx => {
      await ctx.command(${JSON.stringify(command('talks'))})
      for (let n = 0; n < 200; n++) { ctx.print('word ' + n); await ctx.now() }
    }, async ctx => { for (let n = 0; n < 100; n++) { ctx.print('word ' + n); await ctx.now(); await pause() } }] },
    { name: 'chatters', ...only, steps: [async ctx => {
      for (let n = 0; n < 300; n++) {
        ctx.print('word ' + n)
        await ctx.now()
        await pause()
        // However slow the machine, it has not ended when the engine is told to stop.
        while (n === 250 && !existsSync(${JSON.stringify(gate)})) await pause()
      }
    }] },
  ],
  schedulers: [schedulers.force({ name: 'force', builders: ['shell', 'talks', 'chatters'] })],
})
`

let cluster: Cluster
beforeAll(async () => {
  writeFileSync(truth, '')
  cluster = await startCluster({ config, workers: ['w1'] })
})
afterAll(async () => {
  await cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('an engine that is told to stop hands its builds over and ends in order; the next one drives them on', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  for (const { id } of await cluster.rows<{ id: number }>('SELECT id FROM builders')) await cluster.client.control('forceschedulers/force', 'force', { builderid: id, reason: 'a scenario' })
  await until('all builds to be under way', async () => said('begin-shell') + said('begin-talks') === 2 && (await cluster.rows('SELECT 1 FROM logs WHERE num_lines > 3')).length === 3)
  const { engine } = cluster.roles
  await engine.stop()
  expect(engine.exitCode).toBe(0)
  expect(engine.lines.filter(line => /"level":"(error|fatal)"/.test(line))).toEqual([])
  expect(await cluster.rows('SELECT 1 FROM steps WHERE complete_at IS NOT NULL')).toEqual([])
  expect(await cluster.rows(`SELECT state FROM replicas WHERE role = 'engine'`)).toEqual([{ state: 'stopped' }])
  writeFileSync(gate, '')
  await engine.start()
  await until('every build to end', async () => (await cluster.rows('SELECT 1 FROM builds WHERE complete_at IS NULL')).length === 0, 150_000)
  expect(await cluster.rows('SELECT results, count(*)::int AS n FROM builds GROUP BY results')).toEqual([{ results: SUCCESS, n: 3 }])
  expect(['begin-shell', 'end-shell', 'begin-talks', 'end-talks'].map(said)).toEqual([1, 1, 1, 1])
  const [words] = await cluster.rows<{ text: string }>(
    `SELECT string_agg(convert_from(c.content, 'UTF8'), '' ORDER BY c.first_line) AS text FROM log_chunks c JOIN logs l ON l.id = c.log_id JOIN steps s ON s.id = l.step_id
     JOIN builds b ON b.id = s.build_id JOIN builders u ON u.id = b.builder_id WHERE u.name = 'chatters'`)
  expect(words!.text.trimEnd().split('\n')).toEqual(Array.from({ length: 300 }, (_, n) => `oword ${n}`))
})
