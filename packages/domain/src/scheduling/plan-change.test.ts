import { expect, test } from 'vitest'
import type { Configuration } from '../configuration.js'
import { builderDefaults } from '../configuration-defaults.js'
import type { Json } from '../json.js'
import type { BasicScheduler } from '../scheduler-config.js'
import { imaginedChange, planChange, type SchedulerPlan } from './plan-change.js'

const builder = (name: string) => ({ ...builderDefaults, name, key: name, builddir: name, workers: ['w1'], steps: [], properties: { keep: true }, defaultProperties: { jobs: 2 }, workerLabels: name === 'b2' ? { os: ['linux'] } : null })
const scheduler = (name: string, more: Partial<BasicScheduler> = {}): BasicScheduler => ({
  kind: 'anyBranch', name, builders: ['b1'], properties: { jobs: 8 }, priority: 3, reason: 'because', treeStableTimer: null, changeFilter: { fields: {}, properties: {}, fn: null },
  fileIsImportant: null, onlyImportant: false, codebases: { '': { repository: '/r', branch: 'main' } }, ...more,
})
const main = { fields: { branch: { eq: ['main'], notRegex: [{ source: '^wip', flags: '' }] } }, properties: {}, fn: null }

const functions: { [path: string]: (...args: Json[]) => Json } = {
  never: () => false, none: () => [], both: () => ['b1', 'b2'], wrong: () => ['b3'], spoilt: () => { throw new Error('spoilt') },
}

async function plansOf(schedulers: BasicScheduler[], disabled: string[] = []): Promise<SchedulerPlan[]> {
  const ask = async (fn: { $fn: string }, args: Json[]) => functions[fn.$fn]!(...args)
  return planChange({ builders: [builder('b1'), builder('b2')], schedulers } as unknown as Configuration, imaginedChange({ branch: 'dev', files: ['a.c'] }), {
    call: ask, callPatiently: ask, enabled: name => !disabled.includes(name),
  })
}

test('who depends on one that builds builds the same, and so on; who depends on a silent one is silent', async () => {
  const dependent = (name: string, upstream: string) => ({ ...scheduler(name), kind: 'dependent', upstream }) as unknown as BasicScheduler
  const plans = await plansOf([dependent('third', 'second'), dependent('second', 'first'), scheduler('first'), dependent('alone', 'quiet'), scheduler('quiet', { changeFilter: main })])
  expect(plans.map(({ scheduler: name, outcome, why }) => [name, outcome, why])).toEqual([
    ['third', 'waits', "builds the same once 'second' has built it well"], ['second', 'waits', "builds the same once 'first' has built it well"], ['first', 'builds', 'builds it at once'],
    ['alone', 'silent', 'builds when its upstream has built'], ['quiet', 'silent', expect.stringContaining("'main'")],
  ])
  expect(plans[0]!.buildset!.sourcestamps).toEqual(plans[2]!.buildset!.sourcestamps)
  const fussy = await plansOf([scheduler('first'), { ...dependent('second', 'first'), builders: { $fn: 'none' } }, dependent('third', 'second')])
  expect(fussy.map(({ outcome, why }) => [outcome, why]).slice(1)).toEqual([['silent', 'its builders function names none for this change'], ['silent', 'builds when its upstream has built']])
})

test('who builds is told with what and where, who is silent with the reason', async () => {
  const plans = await plansOf([
    scheduler('at once'), scheduler('stable', { treeStableTimer: 30, builders: { $fn: 'both' } }), scheduler('main only', { changeFilter: main }), scheduler('off'),
    scheduler('picky', { fileIsImportant: { $fn: 'never' } }), scheduler('later', { fileIsImportant: { $fn: 'never' }, treeStableTimer: 30 }),
    scheduler('other code', { codebases: { lib: { repository: '', branch: null } } }), scheduler('names none', { builders: { $fn: 'none' } }),
    scheduler('guard', { changeFilter: { fields: {}, properties: {}, fn: { $fn: 'spoilt' } } }), scheduler('unknown builder', { builders: { $fn: 'wrong' } }),
  ], ['off'])
  expect(plans.map(({ scheduler: name, outcome, why }) => [name, outcome, why])).toEqual([
    ['at once', 'builds', 'builds it at once'],
    ['stable', 'waits', 'builds it once its tree has been quiet for 30 s'],
    ['main only', 'silent', "wants the branch to be 'main', not to be /^wip/, and this change has 'dev'"],
    ['off', 'silent', 'is disabled'],
    ['picky', 'silent', 'has no use for it: fileIsImportant says that nothing in it is important'],
    ['later', 'silent', 'keeps it until an important change comes: alone it starts nothing'],
    ['other code', 'silent', "does not know the codebase ''; it knows 'lib'"],
    ['names none', 'silent', 'its builders function names none for this change'],
    ['guard', 'silent', 'takes nothing, because its change filter failed: spoilt'],
    ['unknown builder', 'failed', expect.stringContaining("'b3'")],
  ])
  expect(plans[1]!.buildset).toEqual({
    reason: 'because', priority: 3, sourcestamps: [{ codebase: '', repository: '', project: '', branch: 'dev', revision: null }],
    builders: ['b1', 'b2'].map(name => ({
      name, workers: ['w1'], labels: name === 'b2' ? 'os=linux' : null, properties: { jobs: [8, 'Scheduler'], scheduler: ['stable', 'Scheduler'], keep: [true, 'Builder'] },
    })),
  })
})
