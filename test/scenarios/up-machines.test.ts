import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { killMachines, machineProcesses } from '../kit/machines.js'
import { yardIn, type RunningUp, type Yard } from '../kit/yard.js'

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

test('yard up with a pool of processes: a build gets a machine, which Ctrl-C takes along, and which outlives a supervisor that is killed', async () => {
  const built = async () => expect((await yard.run('force', 'hello', '--wait')).stderr).toContain('success')
  running = await yard.up()
  await built()
  expect(workersAlive()).toHaveLength(1)
  expect((await yard.run('instances')).stdout).toMatch(/local-\d +ready/)
  expect(await running.end('SIGINT')).toBe(0)
  expect(running.output()).toContain('stopped 1 machine\n')
  expect(machineProcesses(machines)).toEqual([])

  running = await yard.up()
  await built()
  const before = machineProcesses(machines).filter(({ worker }) => worker !== null)
  await running.end('SIGKILL')

  running = await yard.up()
  await built()
  expect(machineProcesses(machines)).toEqual(expect.arrayContaining(before))
  await running.end('SIGINT')
  running = null
  expect(machineProcesses(machines)).toEqual([])
})
