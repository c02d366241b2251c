import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { killMachines, machineProcesses } from '../kit/machines.js'
import { yardIn, type RunningUp, type Yard } from '../kit/yard.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-up-machines-'))
const machines = join(folder, '.yard', 'machines')
let yard: Yard
let running: RunningUp | null = null

beforeAll(async () => {
  writeFileSync(join(folder, 'yard.config.ts'), `
    import { defineConfig, providers, schedulers, steps, workers } from '@yardmaster/config'
    export default defineConfig({
      workers: [workers.pool({ name: 'local', max: 2, provider: providers.process() })],
      builders: [{ name: 'hello', workers: ['local'], steps: [steps.shell({ command: ['echo', 'hello'] })] }],
      schedulers: [schedulers.force({ name: 'force', builders: ['hello'] })],
    })`)
  yard = await yardIn({ folder })
})
afterAll(async () => {
  await running?.end()
  killMachines(machines)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
})
const workersAlive = () => machineProcesses(machines).filter(({ worker }) => worker !== null).map(({ worker }) => worker)

test('yard up with a pool of processes: a build gets a machine, and Ctrl-C takes it along; the next start begins anew', async () => {
  for (let start = 0; start < 2; start++) {
    running = await yard.up()
    const built = await yard.run('force', 'hello', '--wait')
    expect(built.stderr).toContain('success')
    expect(workersAlive()).toHaveLength(1)
    const { stdout } = await yard.run('instances')
    expect(stdout).toMatch(/local-\d +ready/)
    expect(await running.end('SIGINT')).toBe(0)
    expect(running.output()).toContain('stopped 1 machine\n')
    running = null
    expect(machineProcesses(machines)).toEqual([])
  }
}, 120_000)

test('machines outlive a supervisor that is killed, and the next one looks after them', async () => {
  running = await yard.up()
  await yard.run('force', 'hello', '--wait')
  const [before] = machineProcesses(machines)
  await running.end('SIGKILL')
  running = await yard.up()
  expect((await yard.run('force', 'hello', '--wait')).stderr).toContain('success')
  expect(machineProcesses(machines).map(({ pid }) => pid)).toContain(before!.pid)
  await running.end('SIGINT')
  running = null
  await until('no machine to be left', () => machineProcesses(machines).length === 0)
}, 120_000)
