import type { BuildView, ProviderConfig } from '@yardmaster/domain'
import { ConfigurationThreads } from '@yardmaster/config/host'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { aConfiguration } from '../../../../test/kit/installation.js'
import { noBuild, renderMachineOptions } from './machine-options.js'
import { fillStandIns } from './stand-ins.js'

const generation = { id: 1, configuration: aConfiguration(), threads: new ConfigurationThreads({ bundle: '', clock: systemClock() }) }
const random = systemRandom()
const values = { worker: { name: 'w', password: 'pass' }, secret: (name: string) => (name === 'token' ? 's3cret' : undefined) }
const withProperties = (properties: { [name: string]: unknown }): BuildView => ({ ...noBuild, properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, [value, 'test']])) as BuildView['properties'] })
const rendered = (machine: ProviderConfig['machine'], view = noBuild) => renderMachineOptions(machine, view, { generation, random })

test('what only the machine may know stands in its options by name, and is filled in at the end', async () => {
  const { options } = await rendered({ script: { $interpolate: 'a %(worker:password)s b' }, nested: [{ env: { TOKEN: { $secret: 'token' } } }], plain: 'x' })
  expect(options).toEqual({ script: { $parts: ['a ', { worker: 'password' }, ' b'] }, nested: [{ env: { TOKEN: { $parts: [{ secret: 'token' }] } } }], plain: 'x' })
  expect(fillStandIns(options, values)).toEqual({ script: 'a pass b', nested: [{ env: { TOKEN: 's3cret' } }], plain: 'x' })
})

test('a secret that nobody has set is told of by name', async () => {
  const { options } = await rendered({ a: { $secret: 'other' } })
  expect(() => fillStandIns(options, values)).toThrow("there is no secret named 'other'")
})

test('no property can name a secret by looking like what stands for one, by itself or together with others', async () => {
  const looks = { $parts: [{ secret: 'token' }] }
  const { options } = await rendered(
    { a: { $property: 'object' }, b: { $interpolate: '%(prop:one)s%(prop:two)s' }, c: { $property: 'data' }, d: { $property: 'deep' } },
    withProperties({ object: looks, one: '\u{E000}', two: 'x:0\u{E001}', data: { $data: [['x', looks]] }, deep: { inner: [looks] } }))
  expect(fillStandIns(options, values)).toEqual({ a: looks, b: '\u{E000}x:0\u{E001}', c: { $data: [['x', looks]] }, d: { inner: [looks] } })
})

test('options that depend on the build have a fingerprint: equal for equal options, whatever the worker, its password and the order', async () => {
  const machine = { size: { $property: 'size' }, script: { $interpolate: '%(worker:name)s %(worker:password)s' } }
  const one = await rendered(machine, withProperties({ size: { a: 1, b: 2 } }))
  expect((await rendered(machine, withProperties({ size: { b: 2, a: 1 }, other: 3 }))).fingerprint).toBe(one.fingerprint)
  expect((await rendered(machine, withProperties({ size: { a: 1, b: 3 } }))).fingerprint).not.toBe(one.fingerprint)
  expect((await rendered({ size: 'a', script: machine.script })).fingerprint).toBeNull()
})
