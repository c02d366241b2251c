import { createServer, type Server, type ServerResponse } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration } from '@yardmaster/config/host'
import type { SourceStampData } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterEach } from 'vitest'
import { anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'
import { ask, startTestEngine, type TestEngine } from './test-engine.js'
import { TestWorker } from './test-worker.js'

export const ONE = '00000000-0000-4000-8000-000000000001'

export let world: Installation
let code = ''
export const engines: TestEngine[] = []
const servers: Server[] = []

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop()
  for (const server of servers.splice(0)) { server.closeAllConnections(); server.close() }
  await world.close()
})

/** An installation whose builder `b` has this step (or several), and `child` what is given for it; `other` has none. */
export async function configured(step: string, ofChild = ''): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-effects-'))
  const file = join(folder, 'yard.config.ts')
  writeFileSync(file, `
    import { defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
    const only = { workers: ['w1'] }
    export default defineConfig({
      workers: [workers.worker({ name: 'w1', password: 'p' })],
      builders: [{ name: 'b', ...only, steps: [${step}] }, { name: 'child', ...only, steps: [${ofChild}] }, { name: 'other', ...only, steps: [] }],
      schedulers: [
        schedulers.triggerable({ name: 't', builders: ['child', 'other'], properties: { from: 'scheduler', who: 'scheduler' }, reason: 'because' }),
        schedulers.triggerable({ name: 'u', builders: ['child'] }),
      ],
    })`)
  const checked = await checkConfiguration(file, systemClock().setTimeout)
  rmSync(folder, { recursive: true })
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  code = checked.bundle.code
  world = await anInstallation(checked.configuration)
}

export async function anEngine(): Promise<TestEngine> {
  const engine = await startTestEngine(world, { code })
  engines.push(engine)
  return engine
}

export async function begun(sourcestamps: SourceStampData[] = []): Promise<{ engine: TestEngine; worker: TestWorker }> {
  const engine = await anEngine()
  const worker = await new TestWorker(engine.port, 'w1').hello(ONE)
  await ask(world, 'b', sourcestamps)
  await engine.claim()
  return { engine, worker }
}

/** The engine is gone as if it had been killed: nothing more of it is written. Another takes the worker over. */
export async function takenOver(engine: TestEngine, running: string[] = []): Promise<TestWorker> {
  await engine.stop()
  const next = await anEngine()
  return new TestWorker(next.port, 'w1').hello(ONE, running.map(command => ({ command, state: 'running' as const, lastSeq: 0 })))
}

export async function rows<Row extends object>(sql: string): Promise<Row[]> {
  return (await world.db.pool.query<Row>(sql)).rows
}
export const started = (worker: TestWorker, count = 1) => until(`${count} commands`, () => worker.of('start').length >= count && worker.of('start').map(({ command }) => command))
export const end = (worker: TestWorker, command: string, seq = 1, rc = 0) => worker.send({ type: 'ended', command, seq, rc, failureReason: null, elapsed: 1 })
export const print = (worker: TestWorker, command: string, seq: number, text: string) => worker.send({ type: 'output', command, seq, log: 'stdio', lines: 1, content: Buffer.from(`o${text}\n`) })
export const ended = () => until('the build to end', async () => (await rows<{ results: number | null; state_string: string; properties: { [name: string]: [unknown, string] } }>(
  'SELECT results, state_string, properties FROM builds ORDER BY id LIMIT 1')).find(build => build.results !== null))
export const stepText = async () => (await rows<{ state_string: string }>('SELECT state_string FROM steps ORDER BY id LIMIT 1'))[0]!.state_string
export const resumed = (worker: TestWorker, count: number) => until(`${count} commands to be resumed`, () => worker.of('decide').flatMap(({ resume }) => resume).length === count)
export const effectsEnded = (count: number) => until(`${count} effects to be written`, async () => (await rows('SELECT 1 FROM effects WHERE outcome IS NOT NULL')).length >= count)
export const committed = (lines: number) => until(`${lines} lines to be written`, async () => (await rows<{ n: number }>('SELECT coalesce(sum(num_lines), 0)::int AS n FROM logs'))[0]!.n >= lines)

export async function server(answer: (response: ServerResponse, url: string, headers: NodeJS.Dict<string | string[]>) => void): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = []
  const made = createServer((request, response) => { requests.push(`${request.method} ${request.url}`); answer(response, request.url!, request.headers) })
  servers.push(made)
  await new Promise<void>(resolve => made.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(made.address() as AddressInfo).port}`, requests }
}
