import type { ForceField, Step } from '@yardmaster/rest'
import { expect, test } from 'vitest'
import { requestOf } from '../api/requested.js'
import { defaultValues, homelessErrors } from '../force/force-values.js'
import { pathOfHash } from './hash-links.js'
import { openByDefault } from './open-steps.js'
import { outcomeOf } from './results.js'

test.each([
  ['#/builders/3/builds/45', '/builders/3/builds/45'], ['#/builders/3/builds/45/steps/2/logs/stdio', '/builders/3/builds/45/steps/2/logs/stdio'], ['#/builders/3/force/now', '/builders/3'],
  ['#/builders', '/'], ['#/builders?tags=a&tags=b', '/?tags=a&tags=b'], ['#/', '/'], ['#/home', '/'], ['#/console', '/'], ['#/projects/2', '/'], ['#/constructor', '/constructor'],
  ['#/workers/', '/workers'], ['#/workers/3', '/workers/3'], ['#/changes', '/changes'], ['#/changes/7', '/changes/7'], ['#/pendingbuildrequests', '/pendingbuildrequests'],
  ['#/buildrequests/8?redirect_to_build=true', '/buildrequests/8?redirect_to_build=true'], ['#/masters/1', '/masters/1'],
  ['#///evil.example.org/x', '/evil.example.org/x'], ['#/javascript:alert(1)', '/javascript:alert(1)'], ['#L12', undefined], ['', undefined],
  ['#builders/3/builds/45', '/builders/3/builds/45'], ['#buildrequests/8', '/buildrequests/8'], ['#builders//evil.example.org', '/builders/evil.example.org'], ['#waterfall', '/'], ['#L12/3', undefined], ['#builder/3', undefined],
])('old link %s', (hash, path) => {
  expect(pathOfHash(hash)).toBe(path)
})

test('the words of results', () => {
  expect(outcomeOf({ complete: true, results: 0 })).toBe('success')
  expect(outcomeOf({ complete: true, results: 6 })).toBe('cancelled')
  expect(outcomeOf({ complete: false, results: null, started_at: 5 })).toBe('running')
  expect(outcomeOf({ complete: false, results: null, started_at: null })).toBe('pending')
})

const step = (stepid: number, started_at: number | null, results: number | null): Step => ({
  stepid, number: stepid, name: `s${stepid}`, buildid: 1, started_at, locks_acquired_at: started_at, complete: results !== null, complete_at: null, results, state_string: '', urls: [], hidden: false,
})

test('the step that runs is open, at the end the first that failed', () => {
  expect(openByDefault([step(1, 1, 0), step(2, 2, 2), step(3, 3, null), step(4, null, null)])).toBe(3)
  expect(openByDefault([step(1, 1, 0), step(2, 2, 2), step(3, 3, 4)])).toBe(2)
  expect(openByDefault([step(1, 1, 0), step(2, null, null)])).toBeNull()
})

const field = (given: Partial<ForceField> & Pick<ForceField, 'name' | 'type'>): ForceField => ({
  fullName: given.name, label: '', tablabel: '', default: '', required: false, multiple: false, regex: null, hide: false, maxsize: null, autopopulate: null, tooltip: '', ...given,
})
const form = [
  field({ name: '', type: 'nested', fields: [field({ name: 'reason', type: 'text', default: 'force build' }), field({ name: 'secret', type: 'text', hide: true })] }),
  field({ name: 'clean', type: 'bool', default: true }),
  field({ name: 'os', type: 'choices', multiple: true, choices: ['a', 'b'], default: 'a' }),
  field({ name: 'always', type: 'fixed', default: 'x' }),
]

test('a form starts with its defaults', () => {
  expect(defaultValues(form)).toEqual({ reason: 'force build', secret: '', clean: true, os: ['a'] })
})

test('an error of no visible field is told all the same', () => {
  expect(homelessErrors(form, { reason: 'needed', secret: 'wrong' })).toEqual(['secret: wrong'])
})

test('force and rebuild answer with the request', () => {
  expect(requestOf([7, { 3: 12 }])).toBe(12)
  expect(requestOf(null)).toBeUndefined()
})
