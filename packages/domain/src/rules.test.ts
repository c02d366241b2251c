import { describe, expect, test } from 'vitest'
import { afterStep, buildStart, interrupted, nextStep } from './build-results.js'
import type { StepFlags } from './build-results.js'
import { matchesChangeFilter } from './change-filter.js'
import type { ChangeData } from './change.js'
import { collapseKey } from './collapse.js'
import type { CollapseView } from './collapse.js'
import type { ChangeFilterConfig } from './scheduler-config.js'
import { CANCELLED, EXCEPTION, FAILURE, RETRY, SKIPPED, SUCCESS, WARNINGS } from './results.js'
import type { Result } from './results.js'
import { safeName } from './safe-name.js'
import { sourceStampKey } from './source-stamp.js'
import { mayMove, stateTables } from './state-tables.js'

describe('results of a build', () => {
  const plain: StepFlags = { haltOnFailure: false, flunkOnFailure: true, flunkOnWarnings: false, warnOnFailure: false, warnOnWarnings: false, alwaysRun: false }
  const table: [flags: Partial<StepFlags>, step: Result, build: Result, terminate: boolean][] = [
    [{}, SUCCESS, SUCCESS, false],
    [{}, SKIPPED, SUCCESS, false],
    [{}, FAILURE, FAILURE, false],
    [{ haltOnFailure: true }, FAILURE, FAILURE, true],
    [{ haltOnFailure: true }, WARNINGS, SUCCESS, false],
    [{ flunkOnFailure: false }, FAILURE, SUCCESS, false],
    [{ flunkOnFailure: false, haltOnFailure: true }, FAILURE, SUCCESS, true],
    [{ flunkOnFailure: false, warnOnFailure: true }, FAILURE, WARNINGS, false],
    [{ warnOnFailure: true }, FAILURE, FAILURE, false],
    [{}, WARNINGS, SUCCESS, false],
    [{ warnOnWarnings: true }, WARNINGS, WARNINGS, false],
    [{ flunkOnWarnings: true }, WARNINGS, FAILURE, false],
    [{ flunkOnFailure: false }, EXCEPTION, EXCEPTION, true],
    [{}, RETRY, RETRY, true],
    [{}, CANCELLED, CANCELLED, true],
  ]
  test.each(table)('%j with %i makes %i, terminate %s', (flags, step, result, terminate) => {
    expect(afterStep(buildStart, { ...plain, ...flags }, step)).toEqual({ result, terminate })
  })

  test('a failure stays, and a terminated build runs only what always runs', () => {
    const failed = afterStep(buildStart, { ...plain, haltOnFailure: true }, FAILURE)
    expect(afterStep(failed, plain, SUCCESS)).toEqual({ result: FAILURE, terminate: true })
    const steps = [{ alwaysRun: false }, { alwaysRun: false }, { alwaysRun: true }]
    expect([nextStep(buildStart, steps, 1), nextStep(failed, steps, 1), nextStep(failed, steps, 3)]).toEqual([1, 2, undefined])
    expect(interrupted(failed, CANCELLED)).toEqual({ result: CANCELLED, terminate: true })
  })
})

describe('matchesChangeFilter', () => {
  const change: ChangeData = {
    author: 'a', comments: '', files: [], revision: 'r', when: 0, project: 'p', codebase: '', repository: 'https://r', category: null, branch: 'main', properties: { kind: ['fix', 'Change'], level: [5, 'Change'] },
  }
  const table: [filter: Partial<ChangeFilterConfig>, branch: string | null, passes: boolean][] = [
    [{}, null, true],
    [{ fields: { branch: { eq: ['main'] } } }, 'main', true],
    [{ fields: { branch: { eq: ['main'] } } }, 'other', false],
    [{ fields: { branch: { eq: [null] } } }, null, true],
    [{ fields: { branch: { eq: [null] } } }, 'main', false],
    [{ fields: { branch: { notEq: ['main'] } } }, 'main', false],
    [{ fields: { branch: { notEq: ['main'] } } }, null, true],
    [{ fields: { branch: { regex: [{ source: '^rel', flags: '' }] } } }, 'release', true],
    [{ fields: { branch: { regex: [{ source: '.*', flags: '' }] } } }, null, false],
    [{ fields: { branch: { notRegex: [{ source: '.*', flags: '' }] } } }, null, true],
    [{ fields: { branch: { eq: ['main'], regex: [{ source: '^rel', flags: '' }] } } }, 'release', true],
    [{ fields: { branch: { eq: ['main'] }, project: { eq: ['q'] } } }, 'main', false],
    [{ fields: { branch: { fn: { $fn: 'yes' } } } }, 'main', true],
    [{ fields: { branch: { fn: { $fn: 'no' } } } }, 'main', false],
    [{ fn: { $fn: 'no' } }, 'main', false],
    [{ properties: { kind: { eq: ['fix'] } } }, 'main', true],
    [{ properties: { level: { eq: ['5'] } } }, 'main', true],
    [{ properties: { absent: { eq: [''] } } }, 'main', true],
    [{ properties: { kind: { notEq: ['fix'] } } }, 'main', false],
  ]
  test.each(table)('%j on branch %j: %s', async (filter, branch, passes) => {
    const whole = { fields: {}, properties: {}, fn: null, ...filter }
    expect(await matchesChangeFilter(whole, { ...change, branch }, async fn => fn.$fn === 'yes')).toBe(passes)
  })

  test('a function is not asked when the fields already disagree', async () => {
    const ask = async (): Promise<boolean> => { throw new Error('asked') }
    expect(await matchesChangeFilter({ fields: { branch: { eq: ['x'] } }, properties: {}, fn: { $fn: 'f' } }, change, ask)).toBe(false)
  })
})

describe('collapseKey', () => {
  const stamp = { codebase: '', repository: 'r', project: '', branch: 'main', revision: '1', hasChanges: true }
  const view = (over: Partial<CollapseView>): CollapseView => ({ properties: {}, sourcestamps: [stamp], ...over })
  const older = view({})
  const newer = (over: Partial<CollapseView>): CollapseView => view(over)
  const forced = { ...stamp, hasChanges: false }
  const table: [name: string, newer: CollapseView, older: CollapseView, may: boolean][] = [
    ['a later change of the branch', newer({ sourcestamps: [{ ...stamp, revision: '2' }] }), older, true],
    ['another branch', newer({ sourcestamps: [{ ...stamp, branch: 'x' }] }), older, false],
    ['another repository', newer({ sourcestamps: [{ ...stamp, repository: 'x' }] }), older, false],
    ['another set of codebases', newer({ sourcestamps: [{ ...stamp, codebase: 'x' }] }), older, false],
    ['a patch', newer({ sourcestamps: [{ ...stamp, patch: { level: 1, body: '', subdir: '', author: '', comment: '' } }] }), older, false],
    ['forced over a change', newer({ sourcestamps: [forced] }), older, false],
    ['forced twice for one revision', newer({ sourcestamps: [forced] }), view({ sourcestamps: [forced] }), true],
    ['forced for two revisions', newer({ sourcestamps: [{ ...forced, revision: '2' }] }), view({ sourcestamps: [forced] }), false],
    ['other schedulers, other owners', newer({ properties: { scheduler: ['a', 'Scheduler'], owner: ['x', 'F'] } }), view({ properties: { scheduler: ['b', 'Scheduler'] } }), true],
    ['forced with other parameters', newer({ properties: { p: [1, 'Force Build Form'] } }), older, false],
  ]
  test.each(table)('%s', (_name, a, b, may) => expect(collapseKey(a) !== null && collapseKey(a) === collapseKey(b)).toBe(may))
})

describe('state tables', () => {
  test('every state that a table leads to is in it', () => {
    for (const table of Object.values(stateTables)) for (const next of Object.values(table).flat()) expect(Object.keys(table)).toContain(next)
  })

  test('a move that no table has is refused by name', () => {
    expect(mayMove('buildrequest', 'claimed', 'pending')).toBe(true)
    expect(mayMove('buildrequest', 'complete', 'pending')).toBe(false)
  })
})

describe('names and keys', () => {
  test.each([['hello', 'hello'], ['my builder/1.0 (x)', 'my_builder_1_0__x_'], ['größe-a_b', 'größe-a_b']])('%s is the folder %s', (name, folder) => {
    expect(safeName(name)).toBe(folder)
  })

  test('a source stamp has one key', () => {
    const stamp = { codebase: '', repository: 'r', project: '', branch: null, revision: '1' }
    expect(sourceStampKey({ revision: '1', branch: null, project: '', repository: 'r', codebase: '' }, null)).toBe(sourceStampKey(stamp))
    expect(sourceStampKey({ ...stamp, branch: '' })).not.toBe(sourceStampKey(stamp))
  })
})
