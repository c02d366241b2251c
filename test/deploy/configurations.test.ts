import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration } from '@yardmaster/config/host'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { chartFolder } from './helm-chart.js'
import { systemClock } from '@yardmaster/runtime'

const composeConfiguration = join(import.meta.dirname, '../../deploy/compose/yard.config.ts')

let folder: string
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'yardmaster-deployed-')) })
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('the configuration that comes with the compose file is right', async () => {
  expect(await checkConfiguration(composeConfiguration, systemClock().setTimeout)).toMatchObject({ ok: true, configuration: { workers: [{ name: 'w1' }] } })
})

test('the configuration that comes with the chart is right', async () => {
  const { config } = parse(readFileSync(join(chartFolder, 'values.yaml'), 'utf8')) as { config: { files: { [name: string]: string } } }
  for (const [name, text] of Object.entries(config.files)) writeFileSync(join(folder, name), text)
  expect(await checkConfiguration(join(folder, 'yard.config.ts'), systemClock().setTimeout)).toMatchObject({ ok: true, configuration: { workers: [{ name: 'yardmaster-worker-0' }] } })
})

/** A mounted ConfigMap: each file is a link into a folder that has another name in every pod. */
function mountedConfigMap(pod: string): string {
  const mount = join(folder, pod)
  mkdirSync(join(mount, `..${pod}`), { recursive: true })
  cpSync(composeConfiguration, join(mount, `..${pod}`, 'yard.config.ts'))
  symlinkSync(`..${pod}`, join(mount, '..data'))
  symlinkSync('..data/yard.config.ts', join(mount, 'yard.config.ts'))
  return join(mount, 'yard.config.ts')
}

test('the same ConfigMap has the same digest in every pod, or each would bring a generation of its own', async () => {
  const digests = await Promise.all(['2026_11_22_10_00_00.1', '2026_11_22_10_00_01.2'].map(async pod => {
    const checked = await checkConfiguration(mountedConfigMap(pod), systemClock().setTimeout)
    return checked.ok ? checked.bundle.digest : checked.errors
  }))
  expect(digests[0]).toEqual(digests[1])
})
