import { expect, test } from 'vitest'
import { changeHooks, changeSources, defineConfig, reporters, results, schedulers, steps, util, workers } from '../index.js'
import type { Step } from '../index.js'

const repository = 'https://git.example.org/hello.git'
const checkout = (full: boolean): Step[] => [steps.git({ repository, mode: full ? 'full' : 'incremental' })]

/** Written as a user would; that it compiles without annotations is the test. */
const example = defineConfig({
  title: 'Hello',
  workers: [workers.worker({ name: 'w1', password: util.secret('w1'), labels: { os: 'linux' } })],
  builders: [
    {
      name: 'hello', workers: ['w1'], tags: ['linux'], properties: { level: 5 },
      steps: [
        checkout(true),
        steps.shell({ name: 'test', command: ['make', util.property('target', 'all')], env: { REV: util.interpolate('%(prop:got_revision)s'), CI: '1', LANG: null }, timeout: '10m' }),
        steps.shell({ command: input => ['echo', input.build.builder], doStepIf: input => input.property('level') === 5, hideStepIf: result => result === results.SKIPPED }),
        steps.shell({ command: ['echo', ['a', util.secret('s')], input => input.build.worker], decodeRC: { 0: results.SUCCESS, 2: results.WARNINGS } }),
        steps.setProperty({ property: 'x', value: util.interpolate('%(kw:y)s', { y: util.property('z') }) }),
        steps.setPropertyFromCommand({ command: 'git describe', property: 'version' }),
        steps.setPropertyFromCommand({ command: 'cat info', extract: (rc, stdout) => ({ rc, lines: stdout.split('\n').length }) }),
        steps.custom({ name: 'custom', alwaysRun: true, run: async ctx => ctx.print(String(ctx.property('x'))) }),
        async ctx => { if (!(await ctx.command(['./bench'], { timeout: '30s' })).ok) await ctx.summary({ step: 'slower than before' }) },
        async ctx => ((await ctx.random()) < 2 ? ctx.results.SUCCESS : ctx.results.FAILURE),
      ],
    },
  ],
  changeSources: [changeSources.gitPoller({ repository, branches: ['main'], pollInterval: '5s' })],
  changeHooks: [changeHooks.base(), changeHooks.github({ secret: util.secret('hook') })],
  schedulers: [
    schedulers.singleBranch({ name: 'main', branch: 'main', treeStableTimer: '30s', builders: ['hello'], fileIsImportant: change => change.files.some(file => file.endsWith('.ts')) }),
    schedulers.anyBranch({ name: 'all', changeFilter: util.changeFilter({ branch: [/^release/, 'main'], category: null, project: project => project !== '' }), builders: ['hello'] }),
    schedulers.force({ name: 'force', builders: ['hello'], parameters: [util.choiceStringParameter({ name: 'target', choices: ['a', 'b'], default: 'a' })] }),
  ],
  services: [
    reporters.httpStatus({ serverUrl: 'https://example.org/builds', auth: { user: 'ci', password: util.secret('p') }, format: report => ({ ok: report.build?.results === 0 }) }),
    reporters.custom({
      name: 'own', generators: [reporters.buildStatusGenerator({ mode: ['change'], builders: ['hello'] }), reporters.stepsGenerator()],
      report: async (report, ctx) => { if (report.build?.results === 2) await ctx.log(report.build.steps[0]?.logs[0]?.logid ?? 0) },
    }),
  ],
})

test('calls record what they are given', () => {
  expect(example.kind).toBe('config')
  expect(example.options.schedulers).toMatchObject([{ kind: 'singleBranch' }, { kind: 'anyBranch' }, { kind: 'force' }])
})
