import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CANCELLED, RETRY, SUCCESS } from '@yardmaster/domain'
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { StockWorker, stockWorkerProgram } from '../kit/stock-worker.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-compat-'))
const truth = join(folder, 'truth')
const gate = join(folder, 'gate')
/**
 * What a command does while it runs, in a file that outlives it: two at once in one folder would show as an `alone` that failed.
 * It goes on until the gate is open, and what has left its process group goes on with it.
 */
const prints = `if mkdir ../alone; then echo begin >> '${truth}'; else echo NOT-ALONE >> '${truth}'; fi
setsid sh -c 'while :; do echo escaped-$PPID >/dev/null; sleep 0.2; done' >/dev/null 2>&1 & escaped=$!
n=0; while [ ! -e '${gate}' ]; do n=$((n+1)); echo line $n; sleep 0.05; done; kill -s TERM -- -$escaped; echo end >> '${truth}'; rmdir ../alone`
/** The folder is as the killed command left it. */
const config = `
import { defineConfig, schedulers, steps, workers } from '@yardmaster/config'
const only = { workers: ['s1'] }
export default defineConfig({
  workers: [workers.worker({ name: 's1', password: 'pw' })],
  builders: [
    { name: 'hello', ...only, steps: [steps.shell({ name: 'one', command: 'echo hello; echo bad >&2; pwd' }), async ctx => { if ((await ctx.command('echo custom')).stdout.trim() !== 'custom') throw new Error('no') }] },
    { name: 'prints', ...only, steps: [
      steps.shell({ name: 'look', command: 'for p in /proc/[0-9]*; do if [ "$(readlink $p/cwd)" = "$PWD" ] && [ "\${p#/proc/}" != $$ ] && ! grep -q "^State:.Z" $p/status; then cat $p/cmdline | tr "\\\\0" " "; if tr "\\\\0" "\\\\n" < $p/environ | grep -q YARD_COMMAND && ! tr "\\\\0" "\\\\n" < $p/environ | grep -qxF "YARD_COMMAND=$YARD_COMMAND"; then echo LEFT-OVER >> ${truth}; fi; fi; done; rm -rf ../alone' }),
      steps.shell({ name: 'print', command: ${JSON.stringify(prints)} }),
    ] },
    { name: 'ignores', ...only, steps: [steps.shell({ name: 'one', command: "trap '' TERM INT; echo up; while :; do sleep 0.1; done" })] },
    { name: 'large', ...only, steps: [steps.shell({ name: 'one', command: "python3 -c \\"[print('x' * 79) for _ in range(1250000)]\\"", logEnviron: false })] },
  ],
  schedulers: [schedulers.force({ name: 'force', builders: ['hello', 'prints', 'ignores', 'large'] })],
})
`

describe.skipIf(stockWorkerProgram === null)('Debian\'s buildbot-worker over msgpack', () => {
  let cluster: Cluster
  let worker: StockWorker
  beforeAll(async () => {
    writeFileSync(truth, '')
    cluster = await startCluster({ config, workers: [], engines: 2 })
    worker = new StockWorker({ name: 's1', password: 'pw', url: cluster.workerUrl, basedir: join(folder, 's1'), env: { PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8' } })
    await worker.start()
    await until('the worker to be there', connected)
    // A busy machine takes its time for all these processes.
  })
  afterAll(async () => {
    await worker?.stop()
    await cluster?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  type Build = { id: number; number: number; results: number | null; state_string: string; builder: string }
  const explain = () => onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n--- stock\n${worker.lines.slice(-40).join('\n')}\n--- truth\n${readFileSync(truth, 'utf8')}\n`) })
  const builds = (builder: string) => cluster.rows<Build>('SELECT b.id, b.number, b.results, b.state_string FROM builds b JOIN builders u ON u.id = b.builder_id WHERE u.name = $1 ORDER BY b.id', [builder])
  const connected = async () => (await cluster.rows(`SELECT 1 FROM worker_sessions WHERE connected AND protocol = 'msgpack'`)).length === 1
  const said = () => readFileSync(truth, 'utf8').split('\n').filter(line => line !== '')

  async function force(builder: string): Promise<void> {
    const [row] = await cluster.rows<{ id: number }>('SELECT id FROM builders WHERE name = $1', [builder])
    await cluster.client.control('forceschedulers/force', 'force', { builderid: row!.id, reason: 'a test' })
  }

  async function aPrintingBuild(): Promise<Build> {
    rmSync(gate, { force: true })
    writeFileSync(truth, '')
    const before = (await builds('prints')).length
    await force('prints')
    const build = await until('it to print', async () => {
      const [found] = (await builds('prints')).slice(before)
      return said().includes('begin') && found !== undefined && (await cluster.rows('SELECT 1 FROM logs l JOIN steps s ON s.id = l.step_id WHERE s.build_id = $1 AND s.number = 1 AND l.num_lines > 12', [found.id])).length === 1 && found
    })
    return build
  }

  /** The build ended RETRY with this text, its request was built again by another, and never two at once. */
  async function builtAgain(lost: Build, text: string): Promise<void> {
    await until('the lost build to end', async () => (await builds('prints')).find(build => build.id === lost.id)?.results !== null)
    expect((await builds('prints')).find(build => build.id === lost.id)).toMatchObject({ results: RETRY, state_string: expect.stringContaining(text) })
    await until('the next build to print', () => said().filter(line => line === 'begin').length === 2)
    writeFileSync(gate, '')
    const next = await until('it to end', async () => (await builds('prints')).find(build => build.id > lost.id && build.results !== null))
    expect(next.results).toBe(SUCCESS)
    expect(said()).toEqual(['begin', 'begin', 'end'])
    expect(await cluster.rows(`SELECT orphans FROM worker_sessions`)).toEqual([{ orphans: [] }])
    expect(await cluster.rows('SELECT 1 FROM build_requests WHERE state <> \'complete\'')).toEqual([])
  }

  test('connects, tells of itself, and builds', async () => {
    explain()
    await force('hello')
    await until('its build', async () => (await builds('hello'))[0]?.results != null)
    expect(await builds('hello')).toMatchObject([{ results: SUCCESS, state_string: 'build successful' }])
    expect(await cluster.rows(`SELECT reported_labels->>'os' AS os, info->>'version' LIKE '3.%' AS version FROM workers`)).toEqual([{ os: 'linux', version: true }])
  })

  test('its connection is cut while a command prints: the build is retried at once, and begins again when nothing is left of it', async () => {
    explain()
    const lost = await aPrintingBuild()
    cluster.network.cut({ worker: 's1' })
    await builtAgain(lost, 'connection lost')
  })

  test('it is killed -9 while a command prints', async () => {
    explain()
    const lost = await aPrintingBuild()
    await worker.kill()
    await worker.start()
    await builtAgain(lost, 'connection lost')
  })

  test('its engine is killed -9 while a command prints', async () => {
    explain()
    const lost = await aPrintingBuild()
    const [placement] = cluster.network.placements()
    const engine = cluster.engines[placement!.engine]!
    const before = (await cluster.rows<{ failures: number }>('SELECT failures FROM workers'))[0]!.failures
    await engine.kill()
    // The worker itself is there again before anybody is sure of the engine's end.
    await builtAgain(lost, 'a stock worker cannot resume')
    // It may have been forgiven what was before.
    expect((await cluster.rows<{ failures: number }>('SELECT failures FROM workers'))[0]!.failures).toBeLessThanOrEqual(before)
    await engine.start()
  })

  test('it is frozen while a command prints', async () => {
    explain()
    const lost = await aPrintingBuild()
    worker.signal('SIGSTOP')
    await until('the lost build to end', async () => (await builds('prints')).find(build => build.id === lost.id)?.results !== null)
    worker.signal('SIGCONT')
    await builtAgain(lost, 'connection lost')
  })

  test('a build is stopped whose command ignores what it can: it is killed, and the worker goes on', async () => {
    explain()
    await until('the worker to be there', connected)
    await force('ignores')
    const [build] = await until('it to run', async () => { const found = await builds('ignores'); return found.length > 0 && (await cluster.rows('SELECT 1 FROM logs l JOIN steps s ON s.id = l.step_id WHERE s.build_id = $1 AND l.num_lines > 3', [found[0]!.id])).length > 0 && found })
    await cluster.client.control(`builds/${build!.id}`, 'stop', { reason: 'enough' })
    await until('it to end', async () => (await builds('ignores'))[0]?.results != null)
    expect((await builds('ignores'))[0]!.results).toBe(CANCELLED)
    await force('hello')
    await until('the next one', async () => (await builds('hello')).length === 2 && (await builds('hello')).every(each => each.results === SUCCESS))
  })

  test('100 MB of output arrive whole, and the engine does not hold them', async () => {
    explain()
    await until('the worker to be there', connected)
    const engine = await until('its engine', () => cluster.network.placements()[0]?.engine)
    const peak = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${cluster.engines[engine]!.pid}/status`, 'utf8'))![1]) / 1024
    const before = peak()
    await force('large')
    const [build] = await until('it to end', async () => { const found = await builds('large'); return found[0]?.results != null && found }, 240_000)
    expect(build!.results).toBe(SUCCESS)
    const [log] = await cluster.rows<{ lines: number; seconds: number }>(
      `SELECT (SELECT count(*)::int FROM log_chunks c WHERE c.log_id = l.id) AS chunks, l.num_lines AS lines, extract(epoch FROM s.complete_at - s.started_at)::float8 AS seconds
       FROM logs l JOIN steps s ON s.id = l.step_id WHERE s.build_id = $1`, [build!.id])
    process.stderr.write(`100 MB from a stock worker: ${log!.seconds.toFixed(1)} s, the engine's peak ${before.toFixed(0)} MB before, ${peak().toFixed(0)} MB after\n`)
    expect(log!.lines).toBeGreaterThanOrEqual(1_250_000)
    expect(log!.lines).toBeLessThan(1_250_020)
    expect(peak() - before).toBeLessThan(160)
  })

  test('it is asked to stop, and goes', async () => {
    explain()
    await until('the worker to be there', connected)
    const [row] = await cluster.rows<{ id: number }>('SELECT id FROM workers')
    await cluster.client.control(`workers/${row!.id}`, 'stop', {})
    await until('it to go', () => !worker.running)
  })
})
