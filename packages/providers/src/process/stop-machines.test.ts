import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { processes } from '@yardmaster/runtime/processes'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { processProvider } from './process-provider.js'
import { stopProcessMachines } from './stop-machines.js'
import { MARK, markOf } from './worker-process.js'

const clock = systemClock()
const random = systemRandom()
const signal = new AbortController().signal
const installation = '3f2b8c1e-0000-4000-8000-000000000002'

let home: string
beforeEach(() => { home = mkdtempSync(join(tmpdir(), 'yard-stop-machines-')) })
afterEach(() => rmSync(home, { recursive: true, force: true }))
const marked = () => [...processes.marks(MARK, processes.list().filter(({ zombie }) => !zombie)).values()].filter(value => value.startsWith(installation))

test('whoever takes the installation down ends every machine of the folder, whatever it runs; its provider then finds them stopped', async () => {
  const provider = processProvider({ folder: null }, { clock, random, home })
  const labels = [1, 2].map(attempt => ({ installation, worker: 'w', attempt }))
  for (const label of labels) {
    await provider.create({ label, name: `yard-${label.attempt}`, options: { env: {} }, zone: null, plan: null, worker: { name: 'w', password: 'one-time', engines: ['ws://127.0.0.1:9'] } }, signal)
  }
  // A command that has left its session and its parent.
  spawnSync('/bin/sh', ['-c', '(setsid sleep 300 >/dev/null 2>&1 &)'], { env: { PATH: process.env['PATH'], [MARK]: markOf(labels[0]!).value } })
  expect(marked()).toHaveLength(3)
  expect(await stopProcessMachines(join(home, 'machines'), { clock, random })).toBe(2)
  expect(marked()).toEqual([])
  expect((await provider.list(installation, signal)).machines.map(({ state }) => state)).toEqual(['stopped', 'stopped'])
  expect(await stopProcessMachines(join(home, 'machines'), { clock, random })).toBe(0)
  expect(await stopProcessMachines(join(home, 'nowhere'), { clock, random })).toBe(0)
})
