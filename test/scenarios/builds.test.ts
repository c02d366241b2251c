import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CANCELLED, EXCEPTION, FAILURE, SKIPPED, SUCCESS, WARNINGS } from '@yardmaster/domain'
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { gitRepository, type GitRepository } from '../kit/git-repository.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-builds-'))
const truth = join(folder, 'truth')
const said = (line: string) => readFileSync(truth, 'utf8').split('\n').filter(found => found === line).length
const say = (line: string) => `echo ${line} >> '${truth}'`
const SECRET = 'hunter2-and-more'

const config = (repository: string) => `
import { changeSources, defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
import { threeCommands } from './custom-steps.ts'
const only = { workers: ['w1'] }
const git = options => steps.git({ repository: ${JSON.stringify(repository)}, ...options })
export default defineConfig({
  title: 'Scenarios',
  workers: [workers.worker({ name: 'w1', password: 'pw', properties: { room: 'attic' } })],
  builders: [
    { name: 'source', ...only, steps: [
      git({ name: 'incremental', mode: 'incremental' }),
      git({ name: 'fresh', mode: 'full', method: 'fresh', workdir: 'fresh' }),
      git({ name: 'copy', mode: 'full', method: 'copy', workdir: 'copy' }),
      // Of a mere path git copies everything, whatever depth it is asked for.
      git({ name: 'shallow', repository: ${JSON.stringify(`file://${repository}`)}, mode: 'full', method: 'clobber', shallow: 1, workdir: 'shallow', alwaysUseLatest: true }),
      steps.shell({ name: 'look', command: util.interpolate('cat build/hello copy/hello; git -C shallow rev-list --count HEAD; echo %(src::branch)s %(prop:got_revision)s %(prop:nothing:-none)s %(prop:room)s'), workdir: '.' }),
    ] },
    { name: 'flow', ...only, properties: { from: 'builder' }, steps: [
      steps.shell({ name: 'warns', command: 'exit 3', decodeRC: { 0: 0, 3: 1 }, warnOnWarnings: true }),
      steps.shell({ name: 'skipped', command: 'false', doStepIf: input => input.property('from') === 'nobody' }),
      steps.shell({ name: 'hidden', command: 'true', hideStepIf: result => result === 0 }),
      steps.setProperty({ property: 'answer', value: 42 }),
      steps.setPropertyFromCommand({ name: 'from command', command: 'echo out; echo err >&2', extract: (rc, out, err) => ({ out: out.trim(), err: err.trim(), rc }) }),
      steps.shell({ name: 'fails', command: ['sh', '-c', 'exit 7'], haltOnFailure: true }),
      steps.shell({ name: 'never', command: 'true' }),
      steps.shell({ name: 'cleanup', command: 'echo cleaned', alwaysRun: true }),
    ] },
    { name: 'secret', ...only, steps: [
      steps.shell({ name: 'tell', command: ['sh', '-c', 'echo "it is $TOKEN!"; echo two $TOKEN >&2'], env: { TOKEN: util.secret('token') } }),
      async ctx => { ctx.print('mine is ' + await ctx.secret('token')); await ctx.setProperty('length', (await ctx.secret('token')).length) },
    ] },
    { name: 'slow', ...only, steps: [steps.shell({ name: 'sleep', command: "${say('began')}; trap '' TERM; echo pid $$; sleep 300", logEnviron: false })] },
    { name: 'silent', ...only, steps: [steps.shell({ name: 'silent', command: 'sleep 300', timeout: 1 })] },
    { name: 'custom', ...only, steps: [steps.custom({ name: 'three', run: threeCommands })] },
    { name: 'poison', ...only, steps: [async ctx => { await ctx.setProperty('bad', 'a\\0b') }] },
    { name: 'throws', ...only, steps: [async () => { throw new Error('the reason') }] },
    { name: 'spins', ...only, steps: [steps.shell({ name: 'spin', command: () => { for (;;) ; } })] },
  ],
  changeSources: [changeSources.gitPoller({ repository: ${JSON.stringify(repository)}, branches: ['main'], pollInterval: '1s' })],
  schedulers: [
    schedulers.singleBranch({ name: 'main', branch: 'main', builders: ['source'] }),
    schedulers.force({ name: 'force', builders: ['flow', 'secret', 'slow', 'silent', 'custom', 'poison', 'throws', 'spins', 'source'] }),
  ],
})
`
const customSteps = `
export async function threeCommands(ctx) {
  const before = ctx.property('seen')
  await ctx.setProperty('seen', before === null ? 'nothing before' : 'something before')
  for (const name of ['one', 'two', 'three']) {
    const { stdout } = await ctx.command(\`echo begin-\${name} >> '${truth}'; echo said \${name}; sleep 1.5; echo end-\${name} >> '${truth}'\`)
    ctx.print('heard ' + stdout.trim())
    await ctx.setProperty(name, await ctx.random())
  }
  await ctx.addURL('report', 'https://example.org/')
  await ctx.summary({ step: 'three were run', build: 'custom is done' })
}
`

type BuildRow = { id: number; number: number; builder: string; results: number | null; state_string: string; properties: { [name: string]: [unknown, string] } }
type StepRow = { id: number; name: string; results: number | null; hidden: boolean; state_string: string; urls: { name: string; url: string }[] }

let cluster: Cluster
let repository: GitRepository

beforeAll(async () => {
  writeFileSync(truth, '')
  repository = gitRepository()
  repository.commit('first', { hello: 'hello\n' })
  cluster = await startCluster({ config: config(repository.folder), files: { 'custom-steps.ts': customSteps }, workers: ['w1'], env: { YARD_SECRET_TOKEN: SECRET } })
})
afterAll(async () => {
  await cluster?.stop()
  repository?.remove()
  rmSync(folder, { recursive: true, force: true })
})

async function force(builder: string, more: { [field: string]: string } = {}): Promise<number> {
  onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
  const [{ id }] = await cluster.rows<{ id: number }>('SELECT id FROM builders WHERE name = $1', [builder]) as [{ id: number }]
  const answer = await cluster.client.control('forceschedulers/force', 'force', { builderid: id, reason: 'a scenario', ...more }) as [number, { [builder: string]: number }]
  return answer[1][String(id)]!
}

const BUILD = `SELECT b.id, b.number, u.name AS builder, b.results, b.state_string, b.properties FROM builds b JOIN builders u ON u.id = b.builder_id`
const buildOf = async (requestId: number) => (await cluster.rows<BuildRow>(`${BUILD} WHERE b.build_request_id = $1 ORDER BY b.id DESC`, [requestId]))[0]
const finished = (requestId: number) =>
  until(`the build of request ${requestId} to end`, async () => { const build = await buildOf(requestId); return build?.results === null ? null : build })
const stepsOf = (buildId: number) => cluster.rows<StepRow>('SELECT id, name, results, hidden, state_string, urls FROM steps WHERE build_id = $1 ORDER BY number', [buildId])
const value = (build: BuildRow, name: string) => build.properties[name]?.[0]

async function logOf(buildId: number, step: string, slug = 'stdio'): Promise<string> {
  const response = await cluster.client.raw(`builds/${buildId}/steps/${step}/logs/${slug}/raw_inline`)
  return response.text()
}

describe('a commit', () => {
  test('becomes a build of just that revision, in every mode of git', async () => {
    onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })
    await until('the poller to know where it begins', async () => (await cluster.rows(`SELECT 1 FROM change_sources WHERE state <> '{}'`)).length > 0)
    const revision = repository.commit('second', { hello: 'hello again\n' })
    const build = await until('its build to end', async () => (await cluster.rows<BuildRow>(`${BUILD} WHERE u.name = 'source' AND b.complete_at IS NOT NULL`))[0])
    expect(build.results, build.state_string).toBe(SUCCESS)
    expect(build).toMatchObject({ state_string: 'build successful' })
    expect(value(build, 'got_revision')).toBe(revision)
    expect(value(build, 'scheduler')).toBe('main')
    const [look] = (await stepsOf(build.id)).filter(step => step.name === 'look')
    const log = await logOf(build.id, look!.name)
    expect(log).toContain(`hello again\nhello again\n1\nmain ${revision} none attic\n`)
  })

  test('is fetched into what is there by the next build', async () => {
    const before = await cluster.rows('SELECT 1 FROM builds')
    const revision = repository.commit('third', { hello: 'and again\n' })
    const build = await until('its build to end', async () => (await cluster.rows<BuildRow>(`${BUILD} WHERE u.name = 'source' AND b.complete_at IS NOT NULL AND b.properties->'revision'->>0 = $1`, [revision]))[0])
    expect(before.length).toBeGreaterThan(0)
    expect(build.results, build.state_string).toBe(SUCCESS)
    expect(await logOf(build.id, 'incremental')).not.toContain('Cloning into')
    expect(await logOf(build.id, 'look')).toContain('and again\nand again\n')
  })
})

describe('the steps of a build', () => {
  test('halt, flunk, warn, are skipped, hidden and always run as Buildbot\'s do', async () => {
    const build = await finished(await force('flow'))
    expect(build).toMatchObject({ results: FAILURE, state_string: 'failed fails (failure)' })
    const rows = await stepsOf(build.id)
    expect(Object.fromEntries(rows.map(step => [step.name, step.results]))).toEqual({
      warns: WARNINGS, skipped: SKIPPED, hidden: SUCCESS, setProperty: SUCCESS, 'from command': SUCCESS, fails: FAILURE, never: null, cleanup: SUCCESS })
    expect(rows.filter(step => step.hidden).map(step => step.name)).toEqual(['hidden'])
    expect(rows.find(step => step.name === 'fails')!.state_string).toBe("'sh -c ...' (failure)")
    expect({ answer: value(build, 'answer'), out: value(build, 'out'), err: value(build, 'err'), rc: value(build, 'rc') }).toEqual({ answer: 42, out: 'out', err: 'err', rc: 0 })
    expect(build.properties).toMatchObject({ from: ['builder', 'Builder'], workername: ['w1', 'Worker'], buildername: ['flow', 'Builder'], buildnumber: [1, 'Build'] })
  })

  test('never show a secret', async () => {
    const build = await finished(await force('secret'))
    expect(build.results, build.state_string).toBe(SUCCESS)
    expect(value(build, 'length')).toBe(SECRET.length)
    expect(await logOf(build.id, 'tell')).toMatch(/it is <token>!\n(.*\n)*two <token>\n/)
    const stored = await cluster.rows<{ content: Buffer }>('SELECT content FROM log_chunks')
    expect(stored.some(chunk => chunk.content.includes(SECRET))).toBe(false)
    expect(JSON.stringify(await cluster.rows('SELECT properties FROM builds'))).not.toContain(SECRET)
  })

  test('end when nothing is printed for too long', async () => {
    const build = await finished(await force('silent'))
    expect(build.results).toBe(FAILURE)
    expect((await stepsOf(build.id))[0]!.state_string).toBe("'sleep 300' (failure) (timed out)")
  })
})

describe('a build that is asked to stop', () => {
  test('ends in seconds, with its processes, though they ignore TERM', async () => {
    const request = await force('slow')
    const build = await until('it to print', async () => {
      const running = await buildOf(request)
      return running && (await cluster.rows<{ id: number }>('SELECT l.id FROM logs l JOIN steps s ON s.id = l.step_id WHERE s.build_id = $1 AND l.num_lines > 3', [running.id])).length > 0 && running
    })
    const pid = await until('its pid', async () => /^pid (\d+)$/m.exec(await logOf(build.id, 'sleep'))?.[1])
    await cluster.client.control(`builds/${build.id}`, 'stop', { reason: 'enough' })
    expect(await finished(request)).toMatchObject({ results: CANCELLED, state_string: 'stopped: enough' })
    await until('its process to be gone', () => !existsSync(`/proc/${pid}`))
  })

  test('ends although its worker is away', async () => {
    const before = said('began')
    const request = await force('slow')
    const build = await until('it to run', () => buildOf(request))
    await until('it to have begun', () => said('began') > before)
    cluster.workers[0]!.signal('SIGSTOP')
    await cluster.client.control(`builds/${build.id}`, 'stop', { reason: 'nobody there' })
    const ended = await finished(request)
    cluster.workers[0]!.signal('SIGCONT')
    expect(ended.results).toBe(CANCELLED)
  })
})

describe('a custom step', () => {
  test('is replayed after its engine\'s death: each of its commands is run once', async () => {
    const request = await force('custom')
    await until('its second command to run', () => said('begin-two') === 1)
    const engine = cluster.roles.engine
    await engine.kill()
    appendFileSync(truth, 'engine-killed\n')
    await engine.start()
    const build = await finished(request)
    expect(build).toMatchObject({ results: SUCCESS, state_string: 'custom is done' })
    for (const name of ['one', 'two', 'three']) expect([said(`begin-${name}`), said(`end-${name}`)], name).toEqual([1, 1])
    expect(await cluster.rows('SELECT 1 FROM builds WHERE build_request_id = $1', [request])).toHaveLength(1)
    const log = (await logOf(build.id, 'three')).split('\n')
    for (const name of ['one', 'two', 'three']) expect(log.filter(line => line === `said ${name}` || line === `heard said ${name}`)).toEqual([`said ${name}`, `heard said ${name}`])
    expect(value(build, 'seen')).toBe('nothing before')
    expect((await stepsOf(build.id))[0]).toMatchObject({ state_string: 'three were run', urls: [{ name: 'report', url: 'https://example.org/' }] })
  })

  test('that throws, or sets what cannot be stored, or spins, ends its own build with the reason', async () => {
    const [thrown, poison, spins] = await Promise.all((await Promise.all(['throws', 'poison', 'spins'].map(name => force(name)))).map(request => finished(request)))
    expect([thrown!.results, poison!.results, spins!.results]).toEqual([EXCEPTION, EXCEPTION, EXCEPTION])
    expect(await logOf(thrown!.id, '0', 'err_text')).toContain('the reason')
    expect(poison!.state_string).toMatch(/cannot be stored|Unicode|null character/i)
    expect(await logOf(spins!.id, 'spin', 'err_text')).toMatch(/250 ms/)
    expect((await finished(await force('flow'))).results).toBe(FAILURE)
  })
})

describe('a worker that is asked to stop', () => {
  test('finishes what it runs, is given nothing more, and goes; started again it works', async () => {
    const [w1] = cluster.workers as [Cluster['workers'][0]]
    const running = await force('silent')
    await until('it to run', () => buildOf(running))
    await cluster.client.control('workers/w1', 'stop', { reason: 'an upgrade' })
    const waiting = await force('throws')
    expect((await finished(running)).results).toBe(FAILURE)
    await until('it to be gone', () => !w1.running)
    expect(w1.exitCode).toBe(0)
    expect(await buildOf(waiting)).toBeUndefined()
    await w1.start()
    expect((await finished(waiting)).results).toBe(EXCEPTION)
  })
})
