import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers'
import { expect, test } from 'vitest'
import { checkConfiguration } from './check.js'

async function check(builder: string, more = '') {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-queue-options-'))
  const file = join(folder, 'yard.config.ts')
  writeFileSync(file, `
    import { defineConfig, steps, util, workers } from '@yardmaster/config'
    const w = workers.worker({ name: 'w', password: 'p' })
    export default defineConfig({ workers: [w], builders: [{ name: 'a', workers: ['w'], steps: [], ${builder} }, { name: 'b', workers: ['w'], steps: [] }], ${more} })`)
  try {
    return await checkConfiguration(file, (fn, ms) => { const timer = after(fn, ms); return () => clearTimeout(timer) })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function read(builder: string, more = '') {
  const checked = await check(builder, more)
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  return checked.configuration
}

async function refused(builder: string, more = ''): Promise<string[]> {
  const checked = await check(builder, more)
  return checked.ok ? [] : checked.errors.map(error => error.message)
}

test('what is said of a queue, and of all queues', async () => {
  const { builders: [a, b] } = await read(`collapseRequests: (older, newer) => older.reason === newer.reason, maxPending: 5, noWorkerTimeout: '10m'`, 'collapseRequests: false')
  expect(a).toMatchObject({ collapseRequests: { $fn: expect.any(String) as string }, maxPending: { limit: 5, action: 'refuse-new' }, noWorkerTimeout: { after: 600, action: 'fail' } })
  expect(b).toMatchObject({ collapseRequests: false, maxPending: null, noWorkerTimeout: null })
  const { builders: [c, d] } = await read(`collapseRequests: true, maxPending: { limit: 1, action: 'drop-oldest' }, noWorkerTimeout: { after: 30, action: 'hold' }`, 'collapseRequests: async () => ({ properties: {} })')
  expect(c).toMatchObject({ collapseRequests: true, maxPending: { limit: 1, action: 'drop-oldest' }, noWorkerTimeout: { after: 30, action: 'hold' } })
  expect(d).toMatchObject({ collapseRequests: { $fn: expect.any(String) as string } })
})

test('cancellers', async () => {
  const everything = { fields: {}, properties: {}, fn: null }
  const { cancellers, reporters } = await read('', `services: [
    util.oldBuildCanceller({ name: 'old', filters: [{ builders: ['a', 'b'], filter: util.changeFilter({ branch: /^topic/ }) }], branchKey: ({ branch }) => String(branch) }),
    util.failingBuildsetCanceller({ name: 'failing', filters: [{ buildsTriggeredBy: ['a'] }, { buildsTriggeredBy: ['b'], cancelBuilds: ['a'] }] }),
  ]`)
  expect(reporters).toEqual([])
  expect(cancellers).toEqual([
    { kind: 'oldBuild', name: 'old', filters: [{ builders: ['a', 'b'], filter: { ...everything, fields: { branch: { regex: [{ source: '^topic', flags: '' }] } } } }], branchKey: { $fn: expect.any(String) as string } },
    { kind: 'failingBuildset', name: 'failing', filters: [{ builders: ['a'], cancelBuilds: null, filter: everything }, { builders: ['b'], cancelBuilds: ['a'], filter: everything }] },
  ])
})

test.each([
  ['maxPending: 0', '', /whole number of at least 1/],
  [`maxPending: { limit: 5, action: 'explode' }`, '', /one of 'refuse-new', 'drop-oldest'/],
  [`noWorkerTimeout: { action: 'hold' }`, '', /expected seconds/],
  [`collapseRequests: 'yes'`, '', /true, false or a function/],
  ['', `services: [util.oldBuildCanceller({ name: 'x', filters: [{ builders: ['bb'] }] })]`, /bb/],
  ['', `services: [util.failingBuildsetCanceller({ name: 'x', filters: [{ buildsTriggeredBy: ['a'], cancelBuilds: ['c'] }] })]`, /'c'/],
  ['', `services: [1, 2].map(() => util.oldBuildCanceller({ name: 'x', filters: [{ builders: ['a'] }] }))`, /there is already a service 'x'/],
])('%s %s is refused', async (builder, more, message) => {
  expect((await refused(builder, more)).join()).toMatch(message)
})
