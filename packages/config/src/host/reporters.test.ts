import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkConfiguration } from '@yardmaster/config/host'

const base = mkdtempSync(join(tmpdir(), 'yard-reporters-'))
afterAll(() => rmSync(base, { recursive: true }))
let count = 0
const timer = (fn: () => void, ms: number) => { const timeout = setTimeout(fn, ms); return () => clearTimeout(timeout) }

function check(services: string) {
  const folder = join(base, String(++count))
  mkdirSync(folder)
  writeFileSync(join(folder, 'yard.config.ts'), `import { defineConfig, reporters, steps, util, workers } from '@yardmaster/config'
export default defineConfig({ workers: [workers.worker({ name: 'w1', password: 'p' })], builders: [{ name: 'b', workers: ['w1'], steps: [steps.shell({ command: 'true' })] }], services: ${services} })`)
  return checkConfiguration(join(folder, 'yard.config.ts'), timer)
}

test('services are read with what they tell of, and how', async () => {
  const outcome = await check(`[
    [reporters.httpStatus({ serverUrl: 'https://example.org/x', secret: util.secret('s'), deadline: '1h', generators: [[reporters.buildStatusGenerator({ mode: 'problem', builders: 'b' })], reporters.buildStatusGenerator({ mode: 'warnings' }), reporters.buildSetStatusGenerator({ mode: ['warnings'] }), reporters.stepsGenerator()] })],
    reporters.custom({ name: 'own', report: async () => {} }),
  ]`)
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.errors))
  expect(outcome.configuration.reporters).toMatchObject([
    { kind: 'httpStatus', name: 'httpStatus https://example.org/x', onUnknown: 'retry', deadline: 3600, options: { secret: { $secret: 's' }, verify: true, delivery: 'message' },
      generators: [{ kind: 'buildStatus', mode: ['problem'], builders: ['b'] }, { kind: 'buildStatus', mode: ['failing', 'warnings'] }, { kind: 'buildSet', mode: ['warnings'] }, { kind: 'steps' }] },
    { kind: 'custom', name: 'own', onUnknown: 'stop', deadline: null, options: { report: { $fn: 'services.own.report' } }, generators: [{ kind: 'buildStatus', mode: [] }] },
  ])
})

test('what is wrong with them is told where it is', async () => {
  const outcome = await check(`[
    reporters.httpStatus({ serverUrl: 'example.org' }),
    reporters.custom({ name: 'own', report: async () => {}, generators: [reporters.buildStatusGenerator({ mode: ['sometimes' as 'change'] })] }),
    reporters.custom({ name: 'own', report: 'nothing' as never }),
  ]`)
  const told = outcome.ok ? [] : outcome.errors.map(error => `${error.path}: ${error.message}`)
  expect(told).toEqual([
    "services[0].serverUrl: expected a URL that begins with http:// or https://, found 'example.org'",
    expect.stringContaining("services[1].generators[0].mode[0]: service 'own': expected one of 'change', 'failing'"),
    "services[2].report: service 'own': expected a function, found 'nothing'",
  ])
  const same = await check(`[reporters.custom({ name: 'own', report: async () => {} }), reporters.custom({ name: 'own', report: async () => {} })]`)
  expect(same.ok ? [] : same.errors.map(error => error.message)).toEqual(["service 'own': there is already a service 'own': say another name"])
  const unknown = await check(`[reporters.custom({ name: 'own', report: async () => {}, generators: [reporters.buildStatusGenerator({ builders: ['bb'] })] })]`)
  expect(unknown.ok ? [] : unknown.errors.map(error => error.message)).toEqual([expect.stringContaining("there is no builder 'bb'; did you mean 'b'?")])
})
