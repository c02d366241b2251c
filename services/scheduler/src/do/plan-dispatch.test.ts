import type { ChangeFilterConfig, FunctionRef, Json } from '@yardmaster/domain'
import { createLogger } from '@yardmaster/runtime'
import { describe, expect, test } from 'vitest'
import { aScheduler } from '../../../../test/kit/installation.js'
import { planBuildset, timerKey, type StoredChange } from './plan-buildset.js'
import { planDispatch, type AskedScheduler } from './plan-dispatch.js'

const logger = createLogger({ name: 'test', level: 'silent' })

function change(more: Partial<StoredChange> = {}): StoredChange {
  return { id: 7, author: 'Ann', comments: 'c', files: ['doc/x.md'], revision: 'r7', when: 1, project: '', codebase: '', repository: '/r', category: null, branch: 'main', properties: {}, ...more }
}

const asked = (more: Parameters<typeof aScheduler>[1] = {}): AskedScheduler => ({ ...aScheduler('s'), id: 3, ...more })
const onBranch = (branch: string): ChangeFilterConfig => ({ fields: { branch: { eq: [branch] } }, properties: {}, fn: null })
const filterFn: ChangeFilterConfig = { fields: {}, properties: {}, fn: { $fn: 'filter' } }
const fileIsImportant: FunctionRef = { $fn: 'important' }

const functions: { [address: string]: (args: Json[]) => Json } = {
  filter: () => { throw new Error('filter is broken') },
  important: ([given]) => (given as StoredChange).files.every(file => !file.startsWith('doc/')),
}

async function planned(schedulers: AskedScheduler[], of = change(), broken = false) {
  const call = async (fn: FunctionRef, args: Json[]) => broken ? Promise.reject(new Error('timeout')) : functions[fn.$fn]!(args)
  const { timers, buildsets } = await planDispatch(of, { schedulers, generationId: 1, call, logger })
  return { timers: timers.map(timer => ({ important: timer.important, seconds: timer.seconds })), buildsets: buildsets.length }
}

describe('a scheduler takes a change', () => {
  const source = change({ files: ['a.c'] })
  test.each<[string, AskedScheduler[], StoredChange, Awaited<ReturnType<typeof planned>>]>([
    ['at once without a timer', [asked()], change(), { timers: [], buildsets: 1 }],
    ['each by itself', [asked(), asked({ treeStableTimer: 5 })], change(), { timers: [{ important: true, seconds: 5 }], buildsets: 1 }],
    ['not what its filter refuses', [asked({ changeFilter: onBranch('stable') })], change(), { timers: [], buildsets: 0 }],
    ['what its filter lets pass', [asked({ changeFilter: onBranch('main') })], change(), { timers: [], buildsets: 1 }],
    ['not when its filter fails', [asked({ changeFilter: filterFn }), asked()], change(), { timers: [], buildsets: 1 }],
    ['not of a codebase that is not its own', [asked()], change({ codebase: 'lib' }), { timers: [], buildsets: 0 }],
    ['unimportant: not without a timer', [asked({ fileIsImportant })], change(), { timers: [], buildsets: 0 }],
    ['unimportant: into the timer', [asked({ fileIsImportant, treeStableTimer: 5 })], change(), { timers: [{ important: false, seconds: 5 }], buildsets: 0 }],
    ['unimportant: not with onlyImportant', [asked({ fileIsImportant, treeStableTimer: 5, onlyImportant: true })], change(), { timers: [], buildsets: 0 }],
    ['important, as fileIsImportant says', [asked({ fileIsImportant, onlyImportant: true })], source, { timers: [], buildsets: 1 }],
    ['a timer of 0 is none', [asked({ treeStableTimer: 0 })], change(), { timers: [], buildsets: 1 }],
  ])('%s', async (_, schedulers, of, plan) => {
    expect(await planned(schedulers, of)).toEqual(plan)
  })

  test('as important when that cannot be told', async () => {
    expect(await planned([asked({ fileIsImportant })], change(), true)).toEqual({ timers: [], buildsets: 1 })
  })
})

describe('the buildset of changes', () => {
  test('is of the newest change, with its properties over the scheduler\'s', () => {
    const changes = [change({ id: 9, revision: 'r9', properties: { who: ['nine', 'Change'] } }), change({ id: 8, properties: { old: [true, 'Change'] } })]
    expect(planBuildset(aScheduler('s', { properties: { who: 'me', x: [1] }, priority: 4, builders: ['b1', 'b2'] }), changes, 5)).toEqual({
      reason: `The AnyBranchScheduler scheduler named 's' triggered this build`, scheduler: 's', actor: 'system:scheduler', generationId: 5, priority: 4, builderNames: ['b1', 'b2'],
      properties: { who: ['nine', 'Change'], x: [[1], 'Scheduler'], scheduler: ['s', 'Scheduler'] },
      sourcestamps: [{ codebase: '', repository: '/r', project: '', branch: 'main', revision: 'r9' }],
    })
  })

  test('has each codebase of the scheduler, also those without a change', () => {
    const scheduler = aScheduler('s', { codebases: { lib: { repository: '/lib', branch: 'stable' }, app: { repository: '/app', branch: null } } })
    expect(planBuildset(scheduler, [change({ codebase: 'app', repository: '/fork' })], 1).sourcestamps).toEqual([
      { codebase: 'app', repository: '/fork', project: '', branch: 'main', revision: 'r7' },
      { codebase: 'lib', repository: '/lib', project: '', branch: 'stable', revision: null },
    ])
  })

  test('waits together by scheduler or by branch', () => {
    const [main, dev] = [change(), change({ branch: 'dev' })]
    expect(timerKey(aScheduler('s', { kind: 'singleBranch' }), main)).toBe(timerKey(aScheduler('s', { kind: 'singleBranch' }), dev))
    expect(timerKey(aScheduler('s'), main)).not.toBe(timerKey(aScheduler('s'), dev))
    expect(timerKey(aScheduler('s'), main)).toBe(timerKey(aScheduler('s'), change({ id: 99, revision: 'other' })))
  })
})
