import { EXCEPTION, SUCCESS } from '@yardmaster/domain'
import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const LINES = 40

/** What users may write, as the body of a function with `ctx` (of a step) or `props` (of a quick function); and what is to be said of it. */
const misdeeds: { [name: string]: { code: string; step: RegExp; quick: RegExp } } = {
  spins: { code: 'for (;;);', step: /did not answer: a step keeps it busy without ever waiting/, quick: /did not answer within 250 ms/ },
  throws: { code: `throw new TypeError('my own words')`, step: /TypeError: my own words \(yard\.config\.ts:\d+:\d+\)/, quick: /TypeError: my own words \(yard\.config\.ts:\d+:\d+\)/ },
  leaks: { code: 'const all = []; for (;;) all.push({ n: all.length })', step: /more than the 256 MiB that a configuration may take|did not answer/, quick: /did not answer within 250 ms|more than the 256 MiB/ },
  exits: { code: 'process.exit(3)', step: /ended itself \(process\.exit, code 3\)/, quick: /ended itself \(process\.exit, code 3\)/ },
  exitsReally: { code: 'process.reallyExit(3)', step: /ended itself \(process\.exit, code 3\)/, quick: /ended itself \(process\.exit, code 3\)/ },
  aborts: { code: 'process.abort()', step: /process\.abort\(\) is not supported/, quick: /process\.abort\(\) is not supported/ },
  kills: { code: 'process.kill(process.pid)', step: /process\.kill is not allowed in a configuration/, quick: /process\.kill is not allowed in a configuration/ },
  rejects: { code: `void Promise.reject(new Error('nobody waits')); await new Promise(() => {})`, step: /nobody waits/, quick: /nobody waits/ },
}
const floods: { [name: string]: { code: string; step: RegExp } } = {
  printsAtOnce: { code: `for (;;) ctx.print('x'.repeat(100))`, step: /the step prints or keeps more than can be written/ },
  logsAtOnce: { code: `for (let n = 0; ; n++) ctx.log('log ' + n % 10).line('x'.repeat(10_000))`, step: /prints or keeps more than can be written|more than 1000 things at once/ },
  asksAtOnce: { code: `for (let n = 0; ; n++) void ctx.setProperty('p' + n, n)`, step: /the step does more than 1000 things at once/ },
  console: { code: `for (;;) console.log('x'.repeat(1000))`, step: /more than the 256 MiB|did not answer/ },
}

const functions = Object.entries(misdeeds)
const config = `
import { changeHooks, defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const only = { workers: ['w1'], collapseRequests: false }
const after = steps.shell({ name: 'never', command: 'true' })
export default defineConfig({
  workers: [workers.worker({ name: 'w1', password: 'pw' })],
  builders: [
    { name: 'talks', ...only, steps: [steps.shell({ name: 's', logEnviron: false, env: { WHO: props => props.build.builder }, command: 'i=0; while [ $i -lt ${LINES} ]; do echo "$WHO $i"; i=$((i+1)); sleep 0.05; done' })] },
    { name: 'asks', ...only, steps: [async ctx => { for (let n = 0; n < ${LINES}; n++) { ctx.print('asks ' + n); await ctx.command('sleep 0.05') } }] },
    { name: 'changed', ...only, steps: [steps.shell({ command: 'true' })] },
    ${[...functions, ...Object.entries(floods)].map(([name, { code }]) => `{ name: 'step ${name}', ...only, steps: [steps.custom({ name: 'guilty', haltOnFailure: true, run: async ctx => { await ctx.now(); ${code} } }), after] },`).join('\n    ')}
    ${functions.map(([name, { code }]) => `{ name: 'renderer ${name}', ...only, steps: [steps.shell({ name: 'guilty', haltOnFailure: true, command: async props => { ${code} } }), after] },`).join('\n    ')}
    ${functions.map(([name, { code }]) => `{ name: 'doStepIf ${name}', ...only, steps: [steps.shell({ name: 'guilty', haltOnFailure: true, command: 'true', doStepIf: async props => { ${code} } }), after] },`).join('\n    ')}
  ],
  schedulers: [
    schedulers.force({ name: 'force', builders: ['talks', 'asks', ${[...functions.flatMap(([name]) => [`step ${name}`, `renderer ${name}`, `doStepIf ${name}`]), ...Object.keys(floods).map(name => `step ${name}`)].map(name => JSON.stringify(name)).join(', ')}] }),
    ${functions.map(([name, { code }]) => `schedulers.anyBranch({ name: 'filter ${name}', builders: ['changed'], changeFilter: util.changeFilter({ filterFn: async change => { ${code} } }) }),`).join('\n    ')}
    schedulers.anyBranch({ name: 'innocent', builders: ['changed'] }),
  ],
  changeHooks: [changeHooks.base()],
})
`

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster({ config, workers: ['w1'] })
  await until('the worker to be connected', async () => (await cluster.rows('SELECT 1 FROM worker_sessions WHERE connected')).length > 0)
})
afterAll(() => cluster?.stop())

async function force(builder: string): Promise<number> {
  const [row] = await cluster.rows<{ id: number }>('SELECT id FROM builders WHERE name = $1', [builder])
  const answer = await cluster.client.control('forceschedulers/force', 'force', { builderid: row!.id, reason: 'isolation' })
  return (answer as [number, unknown])[0]
}

type Ended = { id: number; results: number; state_string: string; step: string }
const ended = (buildset: number) => until(`the build of buildset ${buildset} to end`, async () => (await cluster.rows<Ended>(
  `SELECT b.id, b.results, b.state_string, (SELECT state_string FROM steps WHERE build_id = b.id AND number = 0) AS step
   FROM builds b JOIN build_requests r ON r.id = b.build_request_id WHERE r.buildset_id = $1 AND b.complete_at IS NOT NULL`, [buildset]))[0])

async function linesOf(build: number): Promise<string[]> {
  const chunks = await cluster.rows<{ content: Buffer }>(
    `SELECT c.content FROM log_chunks c JOIN logs l ON l.id = c.log_id JOIN steps s ON s.id = l.step_id WHERE s.build_id = $1 AND l.slug = 'stdio' ORDER BY c.first_line`, [build])
  return Buffer.concat(chunks.map(chunk => chunk.content)).toString().split('\n').filter(line => line.startsWith('o')).map(line => line.slice(1))
}

/** The guilty build ends with its reason; those that run beside it end well, with all lines, on the same processes. */
async function harmsOnlyItself(guilty: string[], reasonOf: (builder: string) => RegExp): Promise<void> {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  const { engine } = cluster.roles
  const before = engine.pid
  const innocent = await Promise.all(['talks', 'asks'].map(async name => ({ name, buildset: await force(name) })))
  await until('the innocent to run', async () => (await cluster.rows('SELECT 1 FROM builds b JOIN build_requests r ON r.id = b.build_request_id WHERE r.buildset_id = ANY($1)', [innocent.map(({ buildset }) => buildset)])).length === 2)
  const buildsets = await Promise.all(guilty.map(async builder => ({ builder, buildset: await force(builder) })))
  for (const { builder, buildset } of buildsets) {
    const build = await ended(buildset)
    expect(build, builder).toMatchObject({ results: EXCEPTION })
    expect(build.step, builder).toMatch(reasonOf(builder))
  }
  for (const { name, buildset } of innocent) {
    const build = await ended(buildset)
    expect(build, name).toMatchObject({ results: SUCCESS })
    expect(await linesOf(build.id), name).toEqual(Array.from({ length: LINES }, (_, line) => `${name} ${line}`))
  }
  expect([engine.pid, engine.running, engine.starts]).toEqual([before, true, 1])
  expect(await cluster.rows(`SELECT name FROM replicas WHERE state <> 'alive'`)).toEqual([])
}

test.each([
  [['throws', 'aborts', 'kills', 'rejects']], [['spins', 'exits']], [['leaks', 'exitsReally']], [['printsAtOnce', 'logsAtOnce', 'asksAtOnce']], [['console']],
])('custom steps: each of %j harms its own build only', async names => {
  const all: { [name: string]: { step: RegExp } } = { ...misdeeds, ...floods }
  await harmsOnlyItself(names.map(name => `step ${name}`), builder => all[builder.split(' ')[1]!]!.step)
})

test.each(['renderer', 'doStepIf'])('%ss that do every misdeed at once harm their own builds only', async kind => {
  await harmsOnlyItself(functions.map(([name]) => `${kind} ${name}`), builder => misdeeds[builder.split(' ')[1]!]!.quick)
})

test('change filters that do every misdeed leave the other schedulers their changes', async () => {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  const { scheduler } = cluster.roles
  const before = scheduler.pid
  for (const revision of ['r1', 'r2', 'r3']) {
    const body = JSON.stringify({ author: 'Ann', comments: revision, revision, branch: 'main', repository: '/repo', files: ['a.c'] })
    expect((await fetch(`${cluster.url}change_hook/base`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })).ok).toBe(true)
  }
  await until('each change to be built, for the innocent scheduler alone', async () => {
    const built = await cluster.rows<{ scheduler: string; n: number }>(`SELECT s.scheduler, count(*)::int AS n FROM buildsets s WHERE s.scheduler <> 'force' AND s.complete_at IS NOT NULL GROUP BY s.scheduler`)
    return built.length === 1 && built[0]!.scheduler === 'innocent' && built[0]!.n === 3
  })
  expect([scheduler.pid, scheduler.running, scheduler.starts]).toEqual([before, true, 1])
  expect(await cluster.rows('SELECT 1 FROM changes WHERE dispatched_at IS NULL')).toEqual([])
})
