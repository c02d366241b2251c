import { describe, expect, test } from 'vitest'
import type { Json } from '../json.js'
import type { FunctionRef } from '../renderable.js'
import type { BasicScheduler } from '../scheduler-config.js'
import { considerChange, timerKey } from './consider-change.js'
import { judgeChange, type Silence } from './judge-change.js'
import { asksFunctions, planBuildset, type PlanningCalls, type StoredChange } from './plan-buildset.js'

function change(more: Partial<StoredChange> = {}): StoredChange {
  return { id: 7, author: 'Ann', comments: 'c', files: ['doc/x.md'], revision: 'r7', when: 1, project: '', codebase: '', repository: '/r', category: null, branch: 'main', properties: {}, ...more }
}

function aScheduler(more: Partial<BasicScheduler> = {}): BasicScheduler {
  return {
    kind: 'anyBranch', name: 's', builders: ['b1'], properties: {}, priority: 0, reason: 'because', treeStableTimer: null, changeFilter: { fields: {}, properties: {}, fn: null },
    fileIsImportant: null, onlyImportant: false, codebases: { '': { repository: '', branch: null } }, ...more,
  }
}

type Functions = { [address: string]: (...args: Json[]) => Json }

const calling = (functions: Functions) => async (fn: FunctionRef, args: Json[]) => functions[fn.$fn]!(...args)
const calls = (functions: Functions = {}): PlanningCalls => ({ call: calling(functions), callPatiently: calling(functions), hasBuilder: name => name.startsWith('b') })
const judging = (functions: Functions = {}) => ({ call: calling(functions), onFailure: () => {} })
const fails = () => { throw new Error('broken') }

describe('a scheduler says why it takes no change', () => {
  const branch = { eq: ['stable'] }
  test.each<[string, Partial<BasicScheduler>, Silence]>([
    ['field', { changeFilter: { fields: { branch }, properties: {}, fn: null } }, { kind: 'filter', refusal: { part: 'field', name: 'branch', value: 'main', filter: branch } }],
    ['property', { changeFilter: { fields: {}, properties: { p: { eq: ['1'] } }, fn: null } }, { kind: 'filter', refusal: { part: 'property', name: 'p', value: '', filter: { eq: ['1'] } } }],
    ['function', { changeFilter: { fields: {}, properties: {}, fn: { $fn: 'no' } } }, { kind: 'filter', refusal: { part: 'function', name: 'filterFn', value: null, filter: null } }],
    ['a function that fails', { changeFilter: { fields: {}, properties: {}, fn: { $fn: 'fails' } } }, { kind: 'filterFailed', failure: 'broken' }],
    ['codebase', { codebases: { app: { repository: '/app', branch: null } } }, { kind: 'codebase', codebase: '', known: ['app'] }],
    ['importance', { fileIsImportant: { $fn: 'no' }, onlyImportant: true }, { kind: 'unimportant' }],
  ])('%s', async (_, more, why) => {
    expect(await judgeChange(aScheduler(more), change(), judging({ no: () => false, fails }))).toEqual({ takes: false, why })
  })

  test('an unimportant change waits in a timer, and without one is of no interest', async () => {
    const no = judging({ no: () => false })
    expect(await considerChange(aScheduler({ fileIsImportant: { $fn: 'no' }, treeStableTimer: 5 }), change(), no)).toMatchObject({ kind: 'waits', seconds: 5, important: false })
    expect(await considerChange(aScheduler({ fileIsImportant: { $fn: 'no' } }), change(), no)).toEqual({ kind: 'silent', why: { kind: 'unimportant' } })
  })
})

describe('the buildset of changes', () => {
  test('is of the newest change, with its properties over the scheduler\'s', async () => {
    const changes = [change({ id: 9, revision: 'r9', properties: { who: ['nine', 'Change'] } }), change({ id: 8, properties: { old: [true, 'Change'] } })]
    const scheduler = aScheduler({ properties: { who: 'me', x: [1] }, priority: 4, builders: ['b1', 'b2'] })
    expect(asksFunctions(scheduler)).toBe(false)
    expect(await planBuildset(scheduler, { changes }, calls())).toEqual({
      reason: 'because', scheduler: 's', priority: 4, builderNames: ['b1', 'b2'],
      properties: { who: ['nine', 'Change'], x: [[1], 'Scheduler'], scheduler: ['s', 'Scheduler'] },
      sourcestamps: [{ codebase: '', repository: '/r', project: '', branch: 'main', revision: 'r9' }],
    })
  })

  test('of places that were chosen has the properties of their changes, too', async () => {
    const place = { codebase: '', repository: '/r', project: '', branch: 'main', revision: 'r7' }
    const asked = await planBuildset(aScheduler({ properties: { who: 'me' } }), { changes: [change({ properties: { who: ['Ann', 'Change'] } })], sourcestamps: [place] }, calls())
    expect(asked).toMatchObject({ sourcestamps: [place], properties: { who: ['Ann', 'Change'], scheduler: ['s', 'Scheduler'] } })
  })

  test('has each codebase of the scheduler, also those without a change', async () => {
    const scheduler = aScheduler({ codebases: { lib: { repository: '/lib', branch: 'stable' }, app: { repository: '/app', branch: null }, tool: { repository: '/tool', branch: null } } })
    const asked = await planBuildset(scheduler, { changes: [change({ codebase: 'app', repository: '/fork' })], lastPlaces: { tool: { repository: '/tool', branch: 't', revision: 'r1' } } }, calls())
    expect(asked!.sourcestamps).toEqual([
      { codebase: 'app', repository: '/fork', project: '', branch: 'main', revision: 'r7' },
      { codebase: 'lib', repository: '/lib', project: '', branch: 'stable', revision: null },
      { codebase: 'tool', repository: '/tool', project: '', branch: 't', revision: 'r1' },
    ])
  })

  test('asks functions for builders, priority, properties and reason', async () => {
    const scheduler = aScheduler({
      builders: { $fn: 'builders' }, priority: { $fn: 'priority' }, reason: { $interpolate: 'for %(prop:who)s on %(src::branch)s' }, properties: { who: { $fn: 'who' } },
    })
    const functions: Functions = {
      builders: input => [(input as { files: string[] }).files.includes('doc/x.md') ? 'b-doc' : 'b-all', 'b1', 'b1'],
      priority: (names, changes) => (names as string[]).length * 10 + (changes as { '': Json[] })[''].length,
      who: input => (input as { changes: StoredChange[] }).changes[0]!.author,
    }
    expect(asksFunctions(scheduler)).toBe(true)
    expect(await planBuildset(scheduler, { changes: [change()] }, calls(functions))).toMatchObject({
      builderNames: ['b-doc', 'b1'], priority: 21, reason: 'for Ann on main', properties: { who: ['Ann', 'Scheduler'] } })
    expect(await planBuildset(scheduler, { changes: [change()] }, calls({ ...functions, builders: () => [] }))).toBeNull()
    await expect(planBuildset(scheduler, { changes: [change()] }, calls({ ...functions, builders: () => ['x9'] }))).rejects.toThrow(`named 'x9', which the active configuration does not have`)
    await expect(planBuildset(scheduler, { changes: [change()] }, calls({ ...functions, builders: () => [5] }))).rejects.toThrow('found 5')
  })

  test('waits together by scheduler or by branch', () => {
    const [main, dev] = [change(), change({ branch: 'dev' })]
    expect(timerKey({ kind: 'singleBranch' }, main)).toBe(timerKey({ kind: 'singleBranch' }, dev))
    expect(timerKey({ kind: 'anyBranch' }, main)).not.toBe(timerKey({ kind: 'anyBranch' }, dev))
    expect(timerKey({ kind: 'anyBranch' }, main)).toBe(timerKey({ kind: 'anyBranch' }, change({ id: 99, revision: 'other' })))
  })
})
