import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

test('the bench runs on real processes and finds figures', async () => {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'run.mjs'), '--quick', '--only', 'builds', '--builds', '20', '--json'])
  const { machine, figures } = JSON.parse(stdout) as { machine: { fsync: string; commitMs: number }; figures: { measure: string; budget: string; found: string }[] }
  expect(machine).toMatchObject({ fsync: 'on' })
  expect(machine.commitMs).toBeGreaterThan(0)
  expect(figures.map(({ budget }) => budget)).toEqual(['>= 150 /s', '>= 150 /s', '<= 10 ms', '<= 10 ms', ''])
  for (const { measure, found } of figures) expect(Number.parseFloat(found), measure).toBeGreaterThan(0)
}, 90_000)
