import { describe, expect, it } from 'vitest'
import { noConditions, type AllowRule, type AuthzConfig } from './authz-config.js'
import { anonymous, type Caller } from './caller.js'
import { decide, noTarget, type AccessTarget } from './decide.js'
import { globPattern, matchesName } from './name-pattern.js'
import { rolesOf } from './roles.js'

const alice: Caller = { ...anonymous, kind: 'user', actor: 'user:alice', username: 'alice', email: 'alice@example.org', groups: ['acme/admins', 'acme/dev'] }
const robot = (...scopes: string[]): Caller => ({ ...alice, kind: 'token', actor: 'token:alice/robot', scopes })
const stop: AccessTarget = { ...noTarget, action: 'stop', thing: 'builds', path: '/api/v2/builds/7', builder: { name: 'docs-linux', tags: ['docs'], project: 'site' }, worker: { name: 'gpu1', owners: ['alice'] }, owner: 'bob' }
const role = (name: string): AllowRule['subject'] => ({ kind: 'role', role: globPattern(name) })
const rule = (more: Partial<AllowRule>): AllowRule => ({ ...noConditions, call: 'authz.control', of: 'control', subject: role('nobody'), defaultDeny: true, ...more })
const byGroup: AuthzConfig['roleMatchers'] = [{ kind: 'fromGroups', groupPrefix: 'acme/' }]
const allowed = (rules: AllowRule[], { caller = alice, target = stop, signIn = true }: { caller?: Caller; target?: AccessTarget; signIn?: boolean } = {}) =>
  decide({ signIn, authz: { roleMatchers: byGroup, rules } }, caller, target).allowed

it.each([['[z-a]', '[z-a]'], ['[!b-a]x', '[!b-a]x'], ['x[', 'x['], ['[]]', ']'], ['[^a]', '^']])('the glob %s is one, whatever is in its brackets', (glob, name) => {
  expect(matchesName(globPattern(glob), name)).toBe(true)
})

describe('who may do what', () => {
  it('without rules, everybody where nobody signs in, else who has signed in', () => {
    expect([allowed([], { signIn: false, caller: anonymous }), allowed([], { caller: anonymous }), allowed([])]).toEqual([true, false, true])
    expect(allowed([], { caller: anonymous, target: noTarget })).toBe(true)
  })

  it.each<[string, AllowRule[], boolean]>([
    ['a rule whose role the caller has', [rule({ subject: role('admins') })], true],
    ['a role is a pattern', [rule({ subject: role('adm*') })], true],
    ['a rule denies whom it does not let', [rule({}), rule({ subject: role('admins') })], false],
    ['unless it is said to go on', [rule({ defaultDeny: false }), rule({ subject: role('admins') })], true],
    ['no rule allows it', [rule({ defaultDeny: false })], false],
    ['a rule about another builder says nothing', [rule({ builder: globPattern('web-*') }), rule({ subject: role('dev') })], true],
    ['about this one it does', [rule({ builder: globPattern('docs-*') }), rule({ subject: role('dev') })], false],
    ['by tag', [rule({ tags: ['docs', 'x'], subject: role('dev') })], true],
    ['by project', [rule({ project: globPattern('site'), subject: role('dev') })], true],
    ['by path', [rule({ of: 'all', path: globPattern('/api/v2/builds/*'), subject: role('dev') })], true],
    ['by action', [rule({ actions: [globPattern('pause')], subject: role('dev') })], false],
    ['by thing', [rule({ things: ['workers'] }), rule({ subject: { kind: 'signedIn' } })], true],
    ['an owner of the worker', [rule({ subject: { kind: 'workerOwner' }, defaultDeny: false })], true],
  ])('%s', (_, rules, expected) => expect(allowed(rules)).toBe(expected))

  it('owners of workers are users, addresses and roles; nobody else', () => {
    const owned = (...owners: string[]) => allowed([rule({ subject: { kind: 'workerOwner' }, defaultDeny: false })], { target: { ...stop, worker: { name: 'gpu1', owners } } })
    expect([owned('alice'), owned('alice@example.org'), owned('role:dev'), owned('role:gpu'), owned('bob'), owned()]).toEqual([true, true, true, false, false, false])
  })

  it('reading is denied by rules about everything, and by nothing else', () => {
    expect(allowed([rule({ of: 'all' })], { target: noTarget })).toBe(false)
    expect(allowed([rule({})], { target: noTarget })).toBe(true)
  })

  it('who has not signed in has no role, whatever the pattern', () => {
    expect(allowed([rule({ subject: role('*') })], { caller: anonymous })).toBe(false)
    expect(allowed([rule({ subject: { kind: 'anybody' } })], { caller: anonymous })).toBe(true)
  })

  it('a token reaches as far as its scopes, and never further than its user', () => {
    const may = (...scopes: string[]) => allowed([rule({ subject: role('dev') })], { caller: robot(...scopes) })
    expect([may('read'), may('control'), may('stop'), may('force')]).toEqual([false, true, true, false])
    expect([may('control', 'builder:docs-*'), may('control', 'builder:web-*'), may('control', 'project:site'), may('stop', 'project:site', 'project:x', 'builder:web')]).toEqual([true, false, true, false])
    expect(allowed([rule({})], { caller: robot('control') })).toBe(false)
    // What has no builder is within no limit.
    expect(allowed([], { caller: robot('control', 'builder:*'), target: { ...noTarget, action: 'drain', thing: 'replicas' } })).toBe(false)
  })

  it('says which rule decided, and what is missing', () => {
    expect(decide({ signIn: true, authz: { roleMatchers: [], rules: [rule({ defaultDeny: false }), rule({ subject: role('admins') })] } }, alice, stop))
      .toEqual({ allowed: false, rule: 1, why: "you need to have role 'admins' (rule 2, authz.control)" })
  })
})

describe('roles', () => {
  it.each<[AuthzConfig['roleMatchers'][number], string[]]>([
    [{ kind: 'fromGroups', groupPrefix: 'acme/' }, ['admins', 'dev']],
    [{ kind: 'fromGroups', groupPrefix: '' }, ['acme/admins', 'acme/dev']],
    [{ kind: 'fromEmails', roles: { admins: ['Alice@example.org'], others: ['x@example.org'] } }, ['admins']],
    [{ kind: 'fromDomain', roles: { staff: ['example.org'], others: ['ample.org'] } }, ['staff']],
    [{ kind: 'fromUsername', roles: ['a', 'b'], usernames: ['alice'] }, ['a', 'b']],
    [{ kind: 'fromUsername', roles: ['a'], usernames: ['Alice'] }, []],
    [{ kind: 'fromOwner', role: 'owner' }, []],
  ])('%o: %o', (matcher, roles) => expect(rolesOf(alice, [matcher], 'bob')).toEqual(roles))

  it('the owner of a build is known by address or name', () => {
    expect([rolesOf(alice, [{ kind: 'fromOwner', role: 'owner' }], 'alice@example.org'), rolesOf(alice, [{ kind: 'fromOwner', role: 'owner' }], 'alice')]).toEqual([['owner'], ['owner']])
    expect(rolesOf({ ...alice, email: null }, [{ kind: 'fromOwner', role: 'owner' }], null)).toEqual([])
  })
})

it.each([
  ['docs-*', 'docs-linux', true], ['docs-*', 'my-docs-linux', false], ['a?c', 'abc', true], ['a?c', 'ac', false], ['[ab]x', 'bx', true], ['[!ab]x', 'bx', false],
  ['[', '[', true], ['a.b', 'axb', false], ['a+(b)', 'a+(b)', true], ['*', 'two\nlines', true], ['ünï-*', 'ünï-x', true], ['{a,b}', 'a', false], [String.raw`a\d`, 'a1', false], ['[a-c]', 'b', true], ['[]]', ']', true],
  ['a**c', 'abc', true], ['*b*', 'abc', true], ['*b*', 'ac', false], ['a*b*c', 'axbxbc', true], ['a*b*c', 'abxc', true], ['a*c*b', 'abc', false], ['*ab*ab', 'aab', false], ['*ab*ab', 'abab', true], ['*[ab]*[ab]?', 'xaxbx', true], ['a*a', 'a', false],
])('the glob %s and %j: %s', (glob, name, expected) => expect(matchesName(globPattern(glob), name)).toBe(expected))

it('a glob of many stars, which whoever makes a token may write, is answered at once', () => {
  // With backtracking into each star this would be for ever.
  expect(matchesName(globPattern(`${'*a'.repeat(120)}*b`), 'a'.repeat(255))).toBe(false)
  expect(matchesName(globPattern(`${'*a'.repeat(120)}*`), 'a'.repeat(255))).toBe(true)
})
