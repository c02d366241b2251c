import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { hostHookDefaults, noChangeHooks } from '@yardmaster/domain'
import { bundleConfiguration, checkConfiguration, formatProblems } from '@yardmaster/config/host'
import type { CheckOutcome, ConfigurationProblem } from '@yardmaster/config/host'

const base = mkdtempSync(join(tmpdir(), 'yard-check-'))
afterAll(() => rmSync(base, { recursive: true }))
let count = 0

/** A folder with these files. */
function world(files: { [name: string]: string }): string {
  const folder = join(base, String(++count))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return join(folder, 'yard.config.ts')
}

const imports = "import { defineConfig, changeHooks, changeSources, schedulers, steps, util, workers } from '@yardmaster/config'\n"
const timer = (fn: () => void, ms: number) => { const timeout = setTimeout(fn, ms); return () => clearTimeout(timeout) }
const check = (files: { [name: string]: string }): Promise<CheckOutcome> => checkConfiguration(world(files), timer)
const checkText = (text: string): Promise<CheckOutcome> => check({ 'yard.config.ts': imports + text })

/** `file:line:column path: message` of each problem. */
async function problems(outcome: Promise<CheckOutcome>): Promise<string[]> {
  const result = await outcome
  if (result.ok) throw new Error('expected problems, found none')
  return result.errors.map(line)
}
function line(problem: ConfigurationProblem): string {
  const place = [relative(base, problem.file).replace(/^\d+\//, ''), problem.line, problem.column].filter(part => part !== undefined).join(':')
  return `${place} ${problem.path}: ${problem.message}`
}

const good = {
  'yard.config.ts': `${imports}
import { test } from './lib/steps.ts'
import script from './run.sh'
import flags from './flags.json'
export default defineConfig({
  title: 'Hello',
  projects: [{ name: 'My Project' }],
  workers: [workers.worker({ name: 'w1', password: util.secret('w1'), labels: { os: 'linux' } })],
  builders: [
    { name: 'hello world', project: 'My Project', workers: ['w1', false && 'w2'], steps: [
      steps.git({ repository: 'https://git.example.org/hello.git', shallow: true }),
      [null, test('unit'), [test('unit'), flags.slow && test('slow')]],
      steps.shell({ command: script, timeout: null, maxTime: '1h30m', doStepIf: props => props.property('x') === 1 }),
      async ctx => { if (!(await ctx.command(['./bench'])).ok) ctx.summary({ step: 'slower than before' }) },
      async function bench(ctx) { ctx.print('x') },
    ] },
  ],
  changeSources: [changeSources.gitPoller({ repository: 'https://git.example.org/hello.git', branches: ['main'], pollInterval: '5s' })],
  changeHooks: [changeHooks.base(), changeHooks.github({ secret: util.secret('hook') })],
  schedulers: [
    schedulers.singleBranch({ name: 'main', branch: 'main', treeStableTimer: '30s', builders: ['hello world'] }),
    schedulers.anyBranch({ name: 'releases', builders: ['hello world'], changeFilter: util.changeFilter({ branch: [/^release/g, 'main'], filterFn: change => change.files.length > 0 }) }),
    schedulers.force({ name: 'force', builders: ['hello world'], parameters: [util.nestedParameter({ name: 'opts', fields: [util.intParameter({ name: 'jobs', default: 2 })] })] }),
  ],
})`,
  'lib/steps.ts': "import { steps } from '@yardmaster/config'\nexport const test = (name: string) => steps.shell({ name, command: ['make', name], env: { REV: util() } })\nfunction util(): string { return 'r' }\n",
  'run.sh': 'echo hello\n',
  'flags.json': '{ "slow": false }',
}

describe('a good configuration', () => {
  test('becomes data, with defaults and with functions as addresses', async () => {
    const outcome = await check(good)
    if (!outcome.ok) throw new Error(formatProblems(outcome.errors))
    const { configuration, bundle } = outcome
    const [builder] = configuration.builders
    expect(builder).toMatchObject({ key: 'hello world', builddir: 'hello_world', project: 'My Project', workers: ['w1'], collapseRequests: true })
    expect(builder?.steps.map(step => [step.kind, step.name])).toEqual([['git', 'git'], ['shell', 'unit'], ['shell', 'unit_1'], ['shell', 'shell'], ['custom', 'custom'], ['custom', 'bench']])
    expect(builder?.steps[0]).toMatchObject({ haltOnFailure: true, flunkOnFailure: true, mode: 'incremental', method: 'fresh', shallow: 1, timeout: 1200, workdir: 'build' })
    expect(builder?.steps[3]).toMatchObject({ command: 'echo hello\n', timeout: null, maxTime: 5400, haltOnFailure: false, doStepIf: { $fn: 'builders.hello world.steps.3.doStepIf' } })
    expect(configuration.projects).toEqual([{ name: 'My Project', slug: 'my-project', description: null }])
    expect(configuration.changeHooks).toEqual({ ...noChangeHooks, base: { secret: null }, github: { ...hostHookDefaults, secret: { $secret: 'hook' }, strict: true } })
    expect(configuration.schedulers[0]).toMatchObject({ kind: 'singleBranch', treeStableTimer: 30, changeFilter: { fields: { branch: { eq: ['main'] } } } })
    expect(configuration.schedulers[1]).toMatchObject({ changeFilter: { fields: { branch: { eq: ['main'], regex: [{ source: '^release', flags: '' }] } }, fn: { $fn: 'schedulers.releases.changeFilter.filterFn' } } })
    expect(configuration.schedulers[2]).toMatchObject({ parameters: [{ name: 'opts', fields: [{ fullName: 'opts_jobs', default: 2 }] }] })
    expect(bundle.files).toEqual(['flags.json', 'lib/steps.ts', 'run.sh', 'yard.config.ts'])
    expect(JSON.stringify(configuration)).not.toContain('$site')
  })

  test('has the same digest in another folder, and another one when an imported file changes', async () => {
    const digest = async (files: typeof good): Promise<string> => (await bundleConfiguration(world(files))).digest
    const first = await digest(good)
    expect(await digest(good)).toBe(first)
    expect(await digest({ ...good, 'run.sh': 'echo bye\n' })).not.toBe(first)
  })

  test('may import packages beside it, CommonJS too', async () => {
    const outcome = await check({
      'yard.config.ts': `${imports}import name from 'namer'\nexport default defineConfig({ title: name(), workers: [], builders: [] })`,
      'node_modules/namer/package.json': '{ "name": "namer", "main": "index.js" }',
      'node_modules/namer/index.js': "const path = require('path'); module.exports = () => path.basename('/x/named')",
    })
    expect(outcome).toMatchObject({ ok: true, configuration: { title: 'named' } })
  })
})

describe('a wrong configuration', () => {
  test('tells everything at once, each in its file and line', async () => {
    const files = {
      'yard.config.ts': `${imports}import { builder } from './builders.ts'
export default defineConfig({
  titel: 'Hello',
  workers: [workers.worker({ name: 'w1', password: 'x', maxBuild: 2 }), workers.worker({ name: 'w1', password: 7 })],
  builders: [builder, { name: 'empty', workers: [], steps: [] }, { name: 'empty', workers: ['w1'], steps: [] }],
  schedulers: [
    schedulers.singleBranch({ name: 's', branch: 'main', treeStableTimer: '5 minutes', builders: ['helo'] }),
    schedulers.anyBranch({ name: 's', builders: [] }),
    schedulers.singleBranch({ name: 't', builders: ['hello'] }),
  ],
})`,
      'builders.ts': `import { steps, util } from '@yardmaster/config'
export const builder = {
  name: 'hello', wrokers: ['w1'], workers: ['w2'], builddir: '../up',
  steps: [
    steps.shell({ name: 'test', command: ['make', util.interpolate('%(porp:x)s')], timout: 5 }),
    steps.git({ repository: 'r', mode: 'ful', description: new Date(0) }),
    'make',
  ],
}`,
    }
    expect(await problems(check(files))).toEqual([
      "builders.ts:3:18 builders[0].wrokers: builder 'hello': unknown key 'wrokers'; did you mean 'workers'?",
      "builders.ts:3:45 builders[0].workers[0]: builder 'hello': there is no worker 'w2'; did you mean 'w1'?",
      "builders.ts:3:62 builders[0].builddir: builder 'hello': expected a folder below the worker's own, without '..', found '../up'",
      "builders.ts:5:68 builders[0].steps[0].command[1]: builder 'hello', step 'test': interpolation '%(porp:x)s', character 3: unknown selector 'porp': expected one of prop, src, kw, secret, worker",
      "builders.ts:5:84 builders[0].steps[0].timout: builder 'hello', step 'test': unknown key 'timout'; did you mean 'timeout'?",
      "builders.ts:6:40 builders[0].steps[1].mode: builder 'hello': expected one of 'full', 'incremental', found 'ful'",
      "builders.ts:6:47 builders[0].steps[1].description: builder 'hello': expected a text or a list of texts, or what renders to one, found a Date",
      "builders.ts:7:5 builders[0].steps[2]: builder 'hello': expected a step: steps.shell(…), steps.git(…), … or a function, found 'make'",
      "yard.config.ts:4:3 titel: unknown key 'titel'; did you mean 'title'?",
      "yard.config.ts:5:57 workers[0].maxBuild: worker 'w1': unknown key 'maxBuild'; did you mean 'maxBuilds'?",
      "yard.config.ts:5:96 workers[1].name: worker 'w1': the name 'w1' is already that of workers[0]",
      "yard.config.ts:5:102 workers[1].password: worker 'w1': expected a text or util.secret(name), found 7",
      "yard.config.ts:6:40 builders[1].workers: builder 'empty': builder 'empty' has no workers, so it could never run",
      "yard.config.ts:6:74 builders[2].name: builder 'empty': the name 'empty' is already that of builders[1]",
      "yard.config.ts:8:75 schedulers[0].treeStableTimer: scheduler 's': expected seconds, or a text like '30s', '10m', '1h', found '5 minutes'",
      "yard.config.ts:8:99 schedulers[0].builders[0]: scheduler 's': there is no builder 'helo'; did you mean 'hello'?",
      "yard.config.ts:9:34 schedulers[1].name: scheduler 's': the name 's' is already that of schedulers[0]",
      "yard.config.ts:9:39 schedulers[1].builders: scheduler 's': expected at least one name of a builder, found an empty list",
      "yard.config.ts:10:16 schedulers[2].branch: scheduler 't': expected a name of a branch, or null; or a changeFilter beside it, found nothing",
    ])
  })

  const table: [text: string, expected: RegExp][] = [
    ['export default defineConfig({ workers: [], builders: [] ', /yard.config.ts:2:\d+ : Expected "}" but found end of file/],
    ["import './nowhere.ts'", /yard.config.ts:2:8 : Could not resolve "\.\/nowhere\.ts"/],
    ["import { stepz } from '@yardmaster/config'; stepz()", /2:10 : No matching export in .* for import "stepz"/],
    ['const a = 1', /: the file has no default export/],
    ["function f() { throw new TypeError('at load') }\nf()\nexport default 1", /yard.config.ts:2:22 : loading failed: TypeError: at load/],
    ['process.exit(0)', /: the configuration ended the program while it was loading/],
    ["export default 'x'", /expected a configuration: export default defineConfig\(\{ … \}\), found 'x'/],
    ['export default defineConfig({ builders: [] })', /yard.config.ts:2:\d+ workers: expected a list of workers, found nothing/],
    ["export default defineConfig({ workers: [], builders: [{ name: 'b', workers: ['x'], steps: [] }] })", /builders\[0\].workers\[0\]: builder 'b': there is no worker 'x'; there are no workers/],
    ["export default defineConfig({ workers: [], builders: [], schedulers: [schedulers.force({ name: 'f', builders: [], parameters: [util.stringParameter({ name: 'x', regex: '(' })] })] })",
      /2:\d+ schedulers\[0\].parameters\[0\].regex: scheduler 'f', parameter 'x': '\(' is no regular expression: .*Unterminated group/],
    ["export default defineConfig({ workers: [], builders: [{ name: 'b', key: 'k', workers: [], steps: [] }, { name: 'c', key: 'k', workers: [], steps: [] }] })", /builders\[1\].key: builder 'c': the key 'k' is already that of builders\[0\] \(builder 'b'\)/],
    ["export default defineConfig({ workers: [], builders: [{ name: 'a/b', workers: [], steps: [] }, { name: 'a.b', workers: [], steps: [] }] })", /builders\[1\].builddir: builder 'a.b': the builddir 'a_b' is already that of/],
    ["export default defineConfig({ workers: [], builders: [], changeSources: [changeSources.gitPoller({ repository: 'r', branches: 5 })] })", /changeSources\[0\].branches: expected a list of names, patterns .*, true for all, or a function, found 5/],
    ["export default defineConfig({ workers: [], builders: [{ name: 'b', workers: ['w'], steps: [steps.shell({ command: util.interpolate('%(kw:a)s') })] }] })", /uses %\(kw:a\)s, but util.interpolate is given no 'a'/],
    ['export default defineConfig({ workers: [], builders: [], changeHooks: [changeHooks.base(), changeHooks.base()] })', /changeHooks\[1\]: expected each change hook once/],
    ["export default defineConfig({ workers: [], builders: [{ name: 'b', workers: ['w'], properties: { $x: 1, y: () => 1 }, steps: [] }] })", /properties.y: builder 'b': expected plain data: .*, found a function/],
    ["export default defineConfig({ workers: [], builders: [{ name: 'b', workers: ['w'], steps: [steps.setPropertyFromCommand({ command: 'x' })] }] })", /expected either 'property' or 'extract', found neither/],
  ]
  test.each(table)('%s', async (text, expected) => {
    expect((await problems(checkText(text))).join('\n')).toMatch(expected)
  })

  test('two files with syntax errors are both told', async () => {
    const found = await problems(check({ 'yard.config.ts': "import './a.ts'\nimport './b.ts'", 'a.ts': 'const = 1', 'b.ts': 'let x = (' }))
    expect(found.map(text => text.split(' ')[0])).toEqual(['a.ts:1:7', 'b.ts:1:10'])
  })

  test('one that spins is given up', async () => {
    const outcome = await checkConfiguration(world({ 'yard.config.ts': 'for (;;);' }), timer, 300)
    expect(outcome).toMatchObject({ ok: false, errors: [{ message: 'the configuration did not finish loading in 0.3 s' }] })
  })

  test('no file at all', async () => {
    expect(await checkConfiguration('/nowhere/yard.config.ts', timer)).toMatchObject({ ok: false, errors: [{ message: expect.stringContaining('there is no file /nowhere/yard.config.ts') }] })
  })

  test('reads well on a terminal', async () => {
    expect(formatProblems([{ file: 'yard.config.ts', line: 3, column: 5, path: 'titel', expected: '', found: '', message: "unknown key 'titel'" }, { file: 'a.ts', path: '', expected: '', found: '', message: 'x' }]))
      .toBe("yard.config.ts:3:5  titel\n    unknown key 'titel'\na.ts\n    x\n2 problems in the configuration.")
  })
})

test('locks that could never be had are told', async () => {
  const given = await problems(checkText(`
const lock = util.masterLock('disk', { maxCount: 2 })
export default defineConfig({
  workers: [workers.worker({ name: 'w', password: 'p' })],
  builders: [
    { name: 'own', workers: ['w'], locks: [lock.access('counting')], steps: [steps.shell({ command: 'x', locks: [lock.access('exclusive')] })] },
    { name: 'other', workers: ['w'], locks: [util.workerLock('disk').access('counting')], steps: [steps.shell({ command: 'x', locks: [util.masterLock('disk').access('counting')] })] },
  ],
})`))
  expect(given.map(text => text.slice(text.indexOf(' ') + 1))).toEqual([
    "builders[0].steps[0].locks[0]: builder 'own': step 'shell' uses the lock 'disk', which its builder holds while it runs",
    "builders[1].steps[0].locks[0]: builder 'other': there are two locks 'disk' of different sizes: make it once and use it in both places",
  ])
})
