import type { ChangeFilterConfig, FunctionRef, Json, StoredChange } from '@yardmaster/domain'
import { createLogger } from '@yardmaster/runtime'
import { describe, expect, test } from 'vitest'
import { aScheduler } from '../../../../test/kit/installation.js'
import type { AskedScheduler } from '../active-generation.js'
import { planDispatch } from './plan-dispatch.js'

const logger = createLogger({ name: 'test', level: 'silent' })

function change(more: Partial<StoredChange> = {}): StoredChange {
  return { id: 7, author: 'Ann', comments: 'c', files: ['doc/x.md'], revision: 'r7', when: 1, project: '', codebase: '', repository: '/r', category: null, branch: 'main', properties: {}, ...more }
}

const asked = (more: Parameters<typeof aScheduler>[1] = {}): AskedScheduler => ({ ...aScheduler('s'), id: 3, enabled: true, ...more })
const onBranch = (branch: string): ChangeFilterConfig => ({ fields: { branch: { eq: [branch] } }, properties: {}, fn: null })
const filterFn: ChangeFilterConfig = { fields: {}, properties: {}, fn: { $fn: 'filter' } }
const fileIsImportant: FunctionRef = { $fn: 'important' }

const functions: { [address: string]: (args: Json[]) => Json } = {
  filter: () => { throw new Error('filter is broken') },
  important: ([given]) => (given as StoredChange).files.every(file => !file.startsWith('doc/')),
}

async function planned(schedulers: AskedScheduler[], of = change(), broken = false) {
  const call = async (fn: FunctionRef, args: Json[]) => broken ? Promise.reject(new Error('timeout')) : functions[fn.$fn]!(args)
  const { timers, buildsets, tasks } = await planDispatch(of, { schedulers, generationId: 1, call, logger })
  return { timers: timers.map(timer => ({ important: timer.important, seconds: timer.seconds })), buildsets: buildsets.length + tasks.length }
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
