import { describe, expect, test } from 'vitest'
import { codebaseParameter, forceFields, forceParameter, patchFields, withFullNames } from './force-fields.js'
import { chosenWorker, validateForce } from './force-parameters.js'
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
const scheduler = { parameters, codebases: [codebaseParameter('', { repository: 'https://r', branch: 'main' })], reason: "A build was forced by '%(owner)s': %(reason)s", properties: { fromScheduler: 1 } }

describe('validateForce', () => {
  test('defaults make a whole request', () => {
    expect(validateForce(scheduler, { opts_x: 'here' }, 'ann')).toEqual({
      ok: true, owner: 'ann', priority: 0, inherits: [], reason: "A build was forced by 'ann': force build",
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
  const names = forceFields({ parameters, codebases: [codebaseParameter('lib')] }).map(field => field.fields.map(child => child.fullName).join(' ') || field.fullName)
  expect(names).toEqual(['username reason priority', 'lib_branch lib_project lib_repository lib_revision', 'target', 'jobs', 'clean', 'tag', 'fixed', 'platforms', 'opts_x'])
})

describe('what is not a text alone', () => {
  const build = withFullNames(forceParameter({ name: 'any', type: 'any', label: '', fields: [forceParameter({ name: 'name', type: 'text' }), forceParameter({ name: 'value', type: 'text' })] }))
  const patched = codebaseParameter('', { repository: null, project: null })
  const form = {
    reason: '%(reason)s', properties: {},
    codebases: [withFullNames({ ...patched, fields: [...patched.fields, forceParameter({ name: 'patch', type: 'patch', fields: patchFields() })] }), codebaseParameter('lib', { branch: forceParameter({ name: 'fixed', type: 'fixed', default: 'stable' }) }, { name: 'library' })],
    parameters: [
      forceParameter({ name: 'workername', type: 'worker', label: 'Worker', choices: ['w1', 'w2'] }), forceParameter({ name: 'inherit', type: 'inherit', label: 'Like', choices: ['b/1', 'b/2 good'] }), build,
      forceParameter({ name: 'notes', type: 'file', label: 'Notes', maxsize: 10 }), forceParameter({ name: 'who', type: 'username', needEmail: false }),
      forceParameter({ name: 'free', type: 'choices', label: 'Free', choices: ['a'], strict: false }),
      withFullNames(forceParameter({ name: 'group', type: 'nested', label: 'Group', maxsize: 5, fields: [forceParameter({ name: 'a', type: 'text' }), forceParameter({ name: 'b', type: 'text' })] })),
    ],
  }
  const forced = (values: ForceValues) => validateForce(form, values, 'ann')

  test('nothing filled in: no worker, no patch, nothing inherited', () => {
    const outcome = forced({ workername: '-any-' })
    expect(outcome).toMatchObject({ ok: true, inherits: [], sourcestamps: [{ codebase: '', repository: '' }, { codebase: 'lib', branch: 'stable' }] })
    expect(outcome.ok && [Object.keys(outcome.properties).sort(), outcome.sourcestamps[0]?.patch]).toEqual([['free', 'group', 'notes', 'owner', 'reason', 'who'], undefined])
  })

  test('a worker, a build to be like, a property by name, a patch, and a codebase by another name', () => {
    const outcome = forced({ workername: ['w2'], inherit: 'b/2 good', any_name: 'deploy.to', any_value: 'here', patch_body: 'diff', patch_level: '0', patch_author: 'Ann', library_revision: 'abc', free: 'z' })
    expect(outcome).toMatchObject({
      ok: true, inherits: [{ field: 'inherit', builder: 'b', number: 2, text: 'b/2 good' }],
      sourcestamps: [{ patch: { body: 'diff', level: 0, author: 'Ann', comment: '', subdir: '.' } }, { revision: 'abc' }],
      properties: { workername: ['w2', 'Force Build Form'], inherit: ['b/2', 'Force Build Form'], 'deploy.to': ['here', 'Force Build Form'], free: ['z', 'Force Build Form'] },
    })
    expect(outcome.ok && chosenWorker(outcome.properties)).toBe('w2')
  })

  const refused: [values: ForceValues, field: string, message: RegExp][] = [
    [{ workername: 'w9' }, 'workername', /'w9' does not belong to list of available choices/],
    [{ inherit: 'b/9' }, 'inherit', /'b\/9' does not belong/],
    [{ any_name: 'no way', any_value: 'x' }, 'any', /^bad property name='no way', value='x'$/],
    [{ notes: 'x'.repeat(11) }, 'notes', /^Notes: is too large 11 > 10$/],
    [{ group_a: 'abc', group_b: 'def' }, 'group', /^Group: is too large 6 > 5$/],
    [{ who: { name: 'x' } }, 'who', /expected a text, found \{"name":"x"\}/],
    [{ who: ['a', 'b'] }, 'who', /expected one value, found 2/],
    [{ who: 7 }, 'who', /expected a text, found 7/],
    [{ priority: true }, 'priority', /expected a whole number, found true/],
    [{ priority: '99999999999999999999' }, 'priority', /invalid literal/],
    [{ patch_body: 'x', patch_level: '-1' }, 'patch_level', /from 0 to 100/],
    [{ patch_body: 'x', patch_subdir: '../..' }, 'patch_subdir', /without '\.\.'/],
    [{ patch_body: 'x', patch_subdir: '/etc' }, 'patch_subdir', /below the source/],
  ]
  test.each(refused)('%j: %s', (values, field, message) => {
    expect(forced(values)).toEqual({ ok: false, errors: { [field]: expect.stringMatching(message) } })
  })

  test('a wrong yes or no is told', () => {
    const yes = { reason: '', properties: {}, codebases: [], parameters: [forceParameter({ name: 'yes', type: 'bool', label: 'Yes' })] }
    expect(validateForce(yes, { yes: 'perhaps' }, 'ann')).toEqual({ ok: false, errors: { yes: 'Yes: expected true or false, found "perhaps"' } })
    expect(validateForce(yes, { yes: 'True' }, 'ann')).toMatchObject({ properties: { yes: [true, 'Force Build Form'] } })
  })

  test('choices that are not known refuse what depends on them, and only that', () => {
    const unknown = { ...form, parameters: [forceParameter({ name: 'a', type: 'choices', problem: 'the function failed' })] }
    expect(validateForce(unknown, { a: 'x' }, 'ann')).toEqual({ ok: false, errors: { a: 'the function failed' } })
    expect(validateForce(unknown, {}, 'ann')).toMatchObject({ ok: true, properties: { a: ['', 'Force Build Form'] } })
  })
})
