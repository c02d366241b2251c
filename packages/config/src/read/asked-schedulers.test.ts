import type { Configuration, ForceScheduler } from '@yardmaster/domain'
import { completed, validateForce } from '@yardmaster/domain'
import { describe as group, expect, test } from 'vitest'
import { describe } from '../thread/describe.js'
import { schedulers, util } from '../index.js'
import type { ForceOptions, SchedulerDeclaration, TryOptions } from '../index.js'
import { readConfiguration } from './configuration.js'

const builders = [{ name: 'b', workers: ['w'], steps: [] }]
const workers = [{ kind: 'worker', options: { name: 'w', password: 'p' } }]

/** As the configuration thread and then the reader have it. */
function read(...given: SchedulerDeclaration[]): { schedulers: Configuration['schedulers']; problems: string[] } {
  const { tree } = describe({ workers: [], builders: [], schedulers: given })
  const { configuration, findings } = readConfiguration(tree)
  return { schedulers: configuration?.schedulers ?? [], problems: findings.filter(({ message }) => !/no builder|there are no/.test(message)).map(({ path, message }) => `${path.join('.')}: ${message}`) }
}
const force = (options: Partial<ForceOptions>) => schedulers.force({ name: 'f', builders: ['b'], ...options })
const problems = (options: Partial<ForceOptions>): string => read(force(options)).problems.join('\n')

/** Read whole: with the builder and the worker that it names. */
function whole(scheduler: SchedulerDeclaration): Configuration['schedulers'][number] | undefined {
  const { tree } = describe({ builders, schedulers: [scheduler], workers: [] })
  const described = tree as { [key: string]: never }
  const worker = { $kind: 'worker', ...workers[0]!.options }
  const { configuration, findings } = readConfiguration({ ...described, workers: [worker] })
  if (!configuration) throw new Error(JSON.stringify(findings))
  return configuration.schedulers[0]
}

function wholeForm(options: Partial<ForceOptions>): ForceScheduler {
  const scheduler = whole(force(options))
  if (scheduler?.kind !== 'force') throw new Error('it is no force scheduler')
  return scheduler
}

group('schedulers.force', () => {
  test('all of Buildbot\'s parameters, with functions as addresses', () => {
    const read = wholeForm({
      username: util.userNameParameter({ needEmail: false, size: 20 }), reason: util.stringParameter({ name: 'x', default: 'because', required: true }), priority: util.intParameter({ name: 'priority', default: 4 }),
      codebases: ['app', util.codebaseParameter({ codebase: 'lib', name: 'library', branch: util.choiceStringParameter({ name: 'any', choices: async () => ['main'] }), revision: null, repository: 'lib.git', patch: util.patchParameter({ level: util.fixedParameter({ name: 'x', default: 0 }) }), createSourcestamp: ({ sourcestamp }) => ({ branch: sourcestamp.branch }) })],
      properties: [
        util.textParameter({ name: 'text', cols: 10, rows: 2 }), util.booleanParameter({ name: 'yes', default: true }), util.fileParameter({ name: 'file', maxsize: 5 }), util.workerChoiceParameter(), util.anyPropertyParameter({ name: 'any' }),
        util.inheritBuildParameter({ compatibleBuilds: ({ builder }) => [`${builder ?? ''}/1`] }), util.choiceStringParameter({ name: 'target', choices: ['a'], default: ({ values }) => String(values['text']), dependsOn: ['text'], autopopulate: { a: { text: 'A' } } }),
        util.parameterGroup({ name: 'group', layout: 'tabs', columns: 3, maxsize: 100, fields: [util.nestedParameter({ name: 'in', layout: 'horizontal', fields: [util.stringParameter({ name: 'deep', tablabel: 'D', tooltip: 'T', hide: true, debug: false })] })] }),
      ],
    })
    expect(read.parameters).toMatchObject([
      { name: 'username', needEmail: false, size: 20 }, { name: 'reason', default: 'because', required: true }, { name: 'priority', default: 4 },
      { type: 'text', multiline: true, cols: 10, rows: 2 }, { type: 'bool', default: true }, { type: 'file', maxsize: 5 }, { type: 'worker', name: 'workername' }, { type: 'any', fields: [{ fullName: 'any_name' }, { fullName: 'any_value' }] },
      { type: 'inherit', name: 'inherit', choicesFn: { $fn: 'schedulers.f.properties.5.compatibleBuilds' } }, { defaultFn: { $fn: 'schedulers.f.properties.6.default' }, dependsOn: ['text'], autopopulate: { a: { text: 'A' } } },
      { layout: 'tabs', columns: 3, maxsize: 100, fields: [{ layout: 'horizontal', fields: [{ fullName: 'group_in_deep', tablabel: 'D', tooltip: 'T', hide: true }] }] },
    ])
    expect(read.codebases).toMatchObject([
      { codebase: 'app', label: 'Codebase: app', fields: [{ fullName: 'app_branch' }, { fullName: 'app_project' }, { fullName: 'app_repository' }, { fullName: 'app_revision' }] },
      { codebase: 'lib', sourcestampFn: { $fn: 'schedulers.f.codebases.1.createSourcestamp' }, fields: [
        { fullName: 'library_branch', choicesFn: { $fn: 'schedulers.f.codebases.1.branch.choices' } }, { fullName: 'library_project' }, { fullName: 'library_repository', type: 'fixed', default: 'lib.git' },
        { type: 'patch', fields: [{ fullName: 'library_patch_body', type: 'file' }, { fullName: 'library_patch_level', type: 'fixed', default: 0 }, {}, {}, {}] },
      ] },
    ])
    expect(validateForce(read, { reason: 'y', library_patch_body: 'diff' }, 'ann')).toMatchObject({ ok: true, priority: 4, sourcestamps: [{ codebase: 'app' }, { codebase: 'lib', repository: 'lib.git', patch: { level: 0 } }] })
  })

  test('a fixed property for all beside fields, and codebases by name', () => {
    const read = wholeForm({ properties: { a: 1 }, priority: 3, parameters: [util.stringParameter({ name: 'x' })], codebases: { '': { repository: 'r', branch: 'main', revision: 'v1' } } })
    expect(read).toMatchObject({ properties: { a: 1 }, priority: 3, parameters: [{ name: 'x' }], codebases: [{ codebase: '', fields: [{ default: 'main' }, {}, { default: 'r' }, { default: 'v1' }] }] })
  })

  const table: [options: Partial<ForceOptions>, expected: RegExp][] = [
    [{ parameters: [util.stringParameter({ name: 'x' }), util.intParameter({ name: 'x' })] }, /two parameters named 'x'/],
    [{ parameters: [util.stringParameter({ name: 'branch' })] }, /two parameters named 'branch'/],
    [{ parameters: [util.stringParameter({ name: 'owner' })] }, /'owner' cannot be used as a parameter name, because it is reserved/],
    [{ parameters: [util.patchParameter()] }, /patchParameter does not become a property: it belongs into a codebaseParameter/],
    [{ parameters: [util.nestedParameter({ name: 'n', fields: [util.codebaseParameter({ codebase: 'a' })] })] }, /codebaseParameter does not become a property/],
    [{ parameters: [util.nestedParameter({ name: 'n', columns: 5, fields: [] })] }, /columns: expected at most 4 columns, found 5/],
    [{ parameters: [util.inheritBuildParameter({ compatibleBuilds: undefined as never })] }, /compatibleBuilds: expected a list of builds/],
    [{ parameters: [util.choiceStringParameter({ name: 'c', choices: ['a'], default: 'b' })] }, /default: expected one of a, found 'b'/],
    [{ codebases: [] }, /at least one codebase, such as util.codebaseParameter/],
    [{ codebases: ['a', 'a'] }, /two parameters named 'a_branch'|different codebases/],
    [{ codebases: [util.stringParameter({ name: 'x' })] }, /a name of a codebase, or util.codebaseParameter/],
  ]
  test.each(table)('%#: %s', (options, expected) => expect(problems(options)).toMatch(expected))
})

group('schedulers.try', () => {
  const trying = (options: Partial<TryOptions>) => schedulers.try({ name: 't', builders: ['b'], userpass: [['ann', util.secret('ann')]], ...options })

  test('names who may, and what the patch is for', () => {
    expect(whole(trying({ userpass: [['ann', util.secret('ann')], ['bob', 'open']], properties: { a: 1 } }))).toEqual({
      kind: 'try', name: 't', builders: ['b'], priority: 0, properties: { a: 1 }, reason: "'try' job", codebases: { '': { repository: '', branch: null } },
      userpass: [{ user: 'ann', password: { $secret: 'ann' } }, { user: 'bob', password: 'open' }],
    })
  })

  test('codebases are named as everywhere', () => {
    expect(whole(trying({ codebases: ['app', 'lib'] }))).toMatchObject({ codebases: { app: { repository: '', branch: null }, lib: { repository: '', branch: null } } })
    expect(whole(trying({ codebases: { lib: { revision: 'v1' } } }))).toMatchObject({ codebases: { lib: { repository: '', branch: null, revision: 'v1' } } })
  })

  test.each([
    [{ userpass: [] }, /at least one user/],
    [{ userpass: [['ann']] as never }, /a text or util.secret\(name\), found nothing/],
    [{ userpass: ['ann'] as never }, /a pair: \['user', password\]/],
    [{ port: 8031 } as never, /unknown key 'port'/],
  ])('%#', (options, expected) => expect(read(trying(options)).problems.join('\n')).toMatch(expected))
})

test('a form that an earlier version stored is whole again', () => {
  const old = { kind: 'force', name: 'f', builders: ['b'], properties: {}, priority: 0, reason: '', label: 'f', buttonName: 'f', codebases: { '': { repository: 'r', branch: 'main' }, lib: { repository: '', branch: null } },
    parameters: [{ name: 'x', fullName: 'x', type: 'text', label: 'X', default: '', required: false, multiline: false, hide: false, regex: null, maxsize: null, choices: [], strict: true, multiple: false, fields: [] }] }
  const stored = { workers: [], builders: [], pools: [], schedulers: [old], changeHooks: { base: null, github: null }, changeSources: [] } as unknown as Configuration
  const [scheduler] = completed(stored).schedulers as ForceScheduler[]
  expect(validateForce(scheduler!, { x: 'y', lib_revision: 'abc' }, 'ann')).toMatchObject({ ok: true, sourcestamps: [{ repository: 'r', branch: 'main' }, { codebase: 'lib', revision: 'abc', branch: null }], properties: { x: ['y', 'Force Build Form'] } })
})
