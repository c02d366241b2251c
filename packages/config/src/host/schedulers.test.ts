import type { SchedulerConfig } from '@yardmaster/domain'
import { describe, expect, test } from 'vitest'
import { readConfiguration } from '../read/configuration.js'
import { describe as described } from '../thread/describe.js'
import { defineConfig, schedulers, util, workers } from '../index.js'
import type { SchedulerDeclaration } from '../index.js'

function read(...given: SchedulerDeclaration[]): { schedulers: SchedulerConfig[]; problems: string[] } {
  const config = defineConfig({ workers: [workers.worker({ name: 'w1', password: util.secret('w1') })], builders: [{ name: 'b1', workers: ['w1'], steps: [async () => {}] }], schedulers: given })
  const { configuration, findings } = readConfiguration(described(config).tree)
  return { schedulers: configuration?.schedulers ?? [], problems: findings.filter(finding => !finding.warning).map(finding => `${finding.path.slice(2).join('.')}: ${finding.message}`) }
}

const nightly = (times: object) => schedulers.nightly({ name: 's', builders: ['b1'], ...times })
const cronOf = (times: object) => read(nightly(times)).schedulers.map(scheduler => 'cron' in scheduler && scheduler.cron)

describe('times', () => {
  test.each<[object, string]>([
    [{}, '0 * * * *'],
    [{ hour: 3, minute: 30 }, '30 3 * * *'],
    [{ hour: [2, 14], dayOfWeek: 0 }, '0 2,14 * * 1'],
    [{ dayOfWeek: 6 }, '0 * * * 7'],
    [{ dayOfWeek: '0-4' }, '0 * * * 1-5'],
    [{ dayOfWeek: '5,sun' }, '0 * * * 6,sun'],
    [{ dayOfWeek: '4#2', hour: 1 }, '0 1 * * 5#2'],
    [{ dayOfMonth: 'L', month: 'jan-mar', hour: '*/6' }, '0 */6 L jan-mar *'],
    [{ cron: '30 2 * * 0' }, '30 2 * * 0'],
  ])('%j is %s', (times, cron) => {
    expect(cronOf(times)).toEqual([cron])
  })

  test.each<[object, RegExp]>([
    [{ hour: 25 }, /Invalid value for hour: 25/],
    [{ dayOfWeek: 7 }, /from 0 \(Monday\) to 6/],
    [{ timeZone: 'Mars/Olympus' }, /Mars/],
    [{ dayOfMonth: 30, month: 2 }, /never happens/],
    [{ cron: '* * * * *', hour: 3 }, /cron or hour/],
    [{ forceAt: 'never' }, /these times cannot be read/],
    [{ missed: 'never' }, /'once', 'skip', 'all'/],
  ])('%j is refused', (times, problem) => {
    expect(read(nightly(times)).problems).toEqual([expect.stringMatching(problem)])
  })
})

test('functions, renderables and lists of codebases stand where Buildbot allows them', () => {
  const [scheduler] = read(schedulers.anyBranch({
    name: 's', builderNames: ({ files }) => files.map(() => 'b1'), priority: names => names.length, properties: { a: ({ changes }) => changes.length, b: [1] }, reason: util.interpolate('%(prop:a)s'), codebases: ['app', 'lib'],
  })).schedulers
  expect(scheduler).toMatchObject({
    builders: { $fn: 'schedulers.s.builderNames' }, priority: { $fn: 'schedulers.s.priority' }, properties: { a: { $fn: 'schedulers.s.properties.a' }, b: [1] }, reason: { $interpolate: '%(prop:a)s' },
    codebases: { app: { repository: '', branch: null }, lib: { repository: '', branch: null } },
  })
})

const any = (name: string, more: object = {}) => schedulers.anyBranch({ name, builders: ['b1'], ...more })

test('a dependent scheduler names its upstream, or is given it', () => {
  const up = any('up')
  expect(read(up, schedulers.dependent({ name: 'd1', upstream: up, builders: ['b1'] }), schedulers.dependent({ name: 'd2', upstream: 'd1', builders: ['b1'] })).schedulers.map(scheduler => 'upstream' in scheduler && scheduler.upstream))
    .toEqual([false, 'up', 'd1'])
})

test.each<[string, SchedulerDeclaration[], string]>([
  ['an upstream that is not there', [any('up'), schedulers.dependent({ name: 'd', upstream: 'upp', builders: ['b1'] })], `upstream: there is no scheduler 'upp'; did you mean 'up'?`],
  ['a circle', [schedulers.dependent({ name: 'd', upstream: 'd', builders: ['b1'] })], `upstream: the scheduler 'd' waits for itself by way of 'd'`],
  ['a secret', [any('s', { properties: { a: util.secret('x') } })], 'properties.a: expected no secret: it would be stored with the build, found a secret'],
  ['builders twice', [any('s', { builderNames: ['b1'] })], 'builderNames: expected builders or builderNames, found both'],
  ['no builders', [any('s', { builders: undefined })], 'builders: expected a list of names of builders, found nothing'],
  ['an unknown builder', [any('s', { builders: undefined, builderNames: ['b2'] })], `builderNames.0: there is no builder 'b2'; did you mean 'b1'?`],
  ['a period of nothing', [schedulers.periodic({ name: 's', builders: ['b1'], periodicBuildTimer: 0 })], 'periodicBuildTimer: expected at least a second, found 0'],
])('%s is refused', (_, given, problem) => {
  expect(read(...given).problems).toEqual([problem])
})
