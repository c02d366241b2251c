import { expect, test } from 'vitest'
import type { WwwOptions } from '../index.js'
import { describe } from '../thread/describe.js'
import { readConfiguration } from './configuration.js'

function read(plugins: WwwOptions['plugins'] & {}) {
  const { configuration, findings } = readConfiguration(describe({ workers: [], builders: [], www: { plugins } }).tree)
  return { plugins: configuration?.www.plugins, told: findings.filter(({ path }) => path[0] === 'www').map(({ path, message }) => `${path.join('.')}: ${message}`) }
}

test('options of Buildbot’s plugins are what they are for Buildbot: true, a record, or a list', () => {
  const dashboards = [{ name: 'load', caption: 'Load', order: 5, icon: 'ChartArea' }]
  expect(read({ grid_view: true, badges: { left_text: 'CI' }, wsgi_dashboards: dashboards })).toEqual({ told: [], plugins: { grid_view: {}, badges: { left_text: 'CI' }, wsgi_dashboards: dashboards } })
})

test('what is neither is told of with its place', () => {
  const odd = Object.assign([{ name: 'load' }], [{ app: /./ }]) as never
  expect(read({ wsgi_dashboards: odd }).told.join()).toMatch(/^www\.plugins\.wsgi_dashboards\.0\.app: expected plain data/)
  expect(read({ grid_view: 'yes' as never }).told).toEqual(["www.plugins.grid_view: expected a plugin's options: true, a record or a list, found 'yes'"])
})
