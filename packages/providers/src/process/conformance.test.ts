import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MachineLabel, MachineRequest } from '@yardmaster/domain'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { afterAll, describe, test } from 'vitest'
import { conformance } from '../conformance/conformance.js'
import { processProvider } from './process-provider.js'

const home = mkdtempSync(join(tmpdir(), 'yard-machines-'))
const clock = systemClock()
const open = () => processProvider({ folder: null }, { clock, random: systemRandom(), home })
const request = (label: MachineLabel): MachineRequest => ({
  label, name: `m${label.attempt}`, options: { env: {} }, zone: null, plan: null, worker: { name: label.worker, password: 'one-time-7', engines: ['ws://127.0.0.1:9'] },
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

describe('a process as a machine', () => {
  const rules = conformance({ provider: open(), second: open(), request, installations: ['c0000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000002'], clock, withinMs: 20_000, pauseMs: 20 })
  test.each(rules)('$name', ({ run }) => run())
})
