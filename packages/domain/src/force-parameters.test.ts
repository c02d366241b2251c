import { describe, expect, test } from 'vitest'
import { forceFields, forceParameter, withFullNames } from './force-fields.js'
import { validateForce } from './force-parameters.js'
import type { ForceValues } from './force-parameters.js'

const parameters = [
  forceParameter({ name: 'target', type: 'choices', label: 'Target', choices: ['debug', 'release'], default: 'debug' }),
  forceParameter({ name: 'jobs', type: 'int', default: 2 }),
  forceParameter({ name: 'clean', type: 'bool' }),
  forceParameter({ name: 'tag', type: 'text', label: 'Tag', regex: 'v\\d', default: 'v1', maxsize: 5 }),
  forceParameter({ name: 'fixed', type: 'fixed', default: 'always' }),
  forceParameter({ name: 'platforms', type: 'choices', multiple: true, choices: ['a', 'b'], default: ['a'] }),
  withFullNames(forceParameter({ name: 'opts', type: 'nested', fields: [forceParameter({ name: 'x', type: 'text', required: true, label: 'X' })] })),
]
const scheduler = { parameters, codebases: { '': { repository: 'https://r', branch: 'main' } }, reason: "A build was forced by '%(owner)s': %(reason)s", properties: { fromScheduler: 1 } }

describe('validateForce', () => {
  test('defaults make a whole request', () => {
    expect(validateForce(scheduler, { opts_x: 'here' }, 'ann')).toEqual({
      ok: true, owner: 'ann', priority: 0, reason: "A build was forced by 'ann': force build",
      sourcestamps: [{ codebase: '', repository: 'https://r', project: '', branch: 'main', revision: null }],
      properties: {
        fromScheduler: [1, 'Scheduler'], target: ['debug', 'Force Build Form'], jobs: [2, 'Force Build Form'], clean: [false, 'Force Build Form'],
        tag: ['v1', 'Force Build Form'], fixed: ['always', 'Force Build Form'], platforms: [['a'], 'Force Build Form'], opts: [{ x: 'here' }, 'Force Build Form'],
        reason: ['force build', 'Force Build Form'], owner: ['ann', 'Force Build Form'],
      },
    })
  })

  test('what was filled in is taken', () => {
    const outcome = validateForce(scheduler, { opts_x: 'x', branch: 'dev', revision: 'abc', jobs: '8', clean: [true], platforms: ['b', 'a'], fixed: 'no', reason: 'why', priority: 3 }, 'ann')
    expect(outcome).toMatchObject({
      ok: true, reason: "A build was forced by 'ann': why", priority: 3, sourcestamps: [{ branch: 'dev', revision: 'abc' }],
      properties: { jobs: [8, 'Force Build Form'], clean: [true, 'Force Build Form'], platforms: [['b', 'a'], 'Force Build Form'], fixed: ['always', 'Force Build Form'] },
    })
  })

  const table: [values: ForceValues, field: string, message: string][] = [
    [{ opts_x: ' ' }, 'opts_x', "'X' needs to be specified"],
    [{ opts_x: 'x', target: 'fast' }, 'target', "'fast' does not belong to list of available choices '['debug', 'release']'"],
    [{ opts_x: 'x', jobs: 'many' }, 'jobs', "invalid literal for int() with base 10: 'many'"],
    [{ opts_x: 'x', tag: 'x1' }, 'tag', "Tag:'x1' does not match pattern 'v\\d'"],
    [{ opts_x: 'x', tag: 'v12345' }, 'tag', 'Tag: is too large 6 > 5'],
    [{ opts_x: 'x', platforms: ['a', 'c'] }, 'platforms', "'c' does not belong to list of available choices '['a', 'b']'"],
  ]
  test.each(table)('%j: %s', (values, field, message) => {
    expect(validateForce(scheduler, values, 'ann')).toEqual({ ok: false, errors: { [field]: message } })
  })

  test('nobody signed in: the form asks who, and tells all that is wrong at once', () => {
    expect(validateForce(scheduler, { username: 'ann', jobs: 'x', opts_x: 'x' }, null)).toEqual({
      ok: false,
      errors: { username: "username: please fill in email address in the form 'User <email@email.com>'", jobs: "invalid literal for int() with base 10: 'x'" },
    })
    expect(validateForce(scheduler, { username: 'Ann <ann@example.org>', opts_x: 'x' }, null)).toMatchObject({ ok: true, owner: 'Ann <ann@example.org>' })
  })
})

test('the whole form names its fields as Buildbot does', () => {
  const names = forceFields({ parameters, codebases: { lib: { repository: '', branch: null } } }).map(field => field.fields.map(child => child.fullName).join(' ') || field.fullName)
  expect(names).toEqual(['username reason priority', 'lib_branch lib_project lib_repository lib_revision', 'target', 'jobs', 'clean', 'tag', 'fixed', 'platforms', 'opts_x'])
})
