import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommandLine } from './program.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'yardmaster-plan-'))
  writeFileSync(join(folder, 'yard.config.ts'), `
    import { defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
    export default defineConfig({
      workers: [workers.worker({ name: 'w1', password: 'p', labels: { os: 'linux' } }), workers.worker({ name: 'w2', password: 'p' })],
      builders: [{ name: 'b1', workers: ['w2'], workerLabels: { os: 'linux' }, steps: [steps.shell({ command: 'true' })] }],
      schedulers: [
        schedulers.singleBranch({ name: 'main', branch: 'main', treeStableTimer: '1m', builders: ['b1'], fileIsImportant: change => change.files.some(file => file.endsWith('.c')) }),
        schedulers.anyBranch({ name: 'ann', changeFilter: util.changeFilter({ properties: { who: 'ann' } }), builders: ['b1'] }),
      ],
    })`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function plan(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []]
  const context = { env: {}, clock: systemClock(), random: systemRandom(), print: (line: string) => { out.push(line) }, warn: (line: string) => { err.push(line) }, colours: false, onSignal: () => () => undefined }
  const code = await runCommandLine(['plan', '--config', join(folder, 'yard.config.ts'), ...args], context)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

test('a file is asked without any server, its functions included', async () => {
  const { code, out } = await plan('--branch', 'main', '--files', 'src/a.c, README.md', '--property', 'who=ann', '--properties')
  expect(code).toBe(0)
  expect(out).toContain('waits   main builds it once its tree has been quiet for 60 s')
  expect(out).toContain('builds  ann builds it at once')
  expect(out).toContain('b1  on w2, w1; workers with os=linux')
  expect(out).toContain('who = ann (Change)')
  expect((await plan('--branch', 'dev', '--files', 'src/a.c')).out).toContain("silent  main wants the branch to be 'main', and this change has 'dev'")
})

test('a change may come as REST tells it', async () => {
  const file = join(folder, 'change.json')
  writeFileSync(file, JSON.stringify({ meta: {}, changes: [{ changeid: 7, author: 'Ann', branch: 'main', files: ['x.c'], comments: 'c', when_timestamp: 5, properties: { who: ['ann', 'Change'] }, sourcestamp: { ssid: 1, branch: 'main', repository: '/r' } }] }))
  const { out, code } = await plan('--change', file, '--json')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    change: { author: 'Ann', branch: 'main', files: ['x.c'], repository: '/r', properties: { who: 'ann' } },
    schedulers: [{ scheduler: 'main', outcome: 'waits' }, { scheduler: 'ann', outcome: 'builds' }],
  })
})

test.each([
  [['--property', 'who'], 'expected name=value'],
  [['--change', '/nowhere.json'], 'the change in /nowhere.json cannot be read: ENOENT'],
])('%j is told', async (args, told) => {
  const { code, err } = await plan(...args)
  expect([code, err]).toEqual([1, expect.stringContaining(told)])
})
