/** The configuration of language.test.ts, which puts real places where @REPOSITORY@ and so on stand. A file of its own, so that its types are checked. */
import { changeHooks, defineConfig, results, schedulers, steps, util, workers } from '@yardmaster/config'
import type { BuilderOptions, Command, Step } from '@yardmaster/config'

type ShellOptions = Parameters<typeof steps.shell>[0]
type GitOptions = Parameters<typeof steps.git>[0]

const only = { workers: ['w1'] }
const show = (name: string, command: Command, more: Partial<ShellOptions> = {}): Step => steps.shell({ name, command, logEnviron: false, ...more })
const git = (more: Partial<GitOptions>): Step => steps.git({ repository: '@REPOSITORY@', env: { GIT_ALLOW_PROTOCOL: 'file' }, logEnviron: false, ...more })
const fails = (more: Partial<ShellOptions>): Step => show('fails', 'exit 2', more)
const warns = (more: Partial<ShellOptions>): Step => show('warns', 'exit 3', { decodeRC: { 0: results.SUCCESS, 3: results.WARNINGS }, ...more })
const next = show('next', 'true')

const flags: { [name: string]: Step[] } = {
  'flunks': [fails({}), next],
  'flunks not': [fails({ flunkOnFailure: false }), next],
  'warns of a failure': [fails({ flunkOnFailure: false, warnOnFailure: true }), next],
  'flunks and warns': [fails({ warnOnFailure: true }), next],
  'halts without a flunk': [fails({ flunkOnFailure: false, haltOnFailure: true }), next],
  'flunks on warnings': [warns({ flunkOnWarnings: true }), next],
  'warns of warnings': [warns({ warnOnWarnings: true }), next],
  'passes warnings over': [warns({}), next],
  'halts not on warnings': [warns({ warnOnWarnings: true, haltOnFailure: true }), next],
  'blames who is to blame': [fails({ name: 'harmless', flunkOnFailure: false }), warns({ warnOnWarnings: true })],
}

const shell: BuilderOptions[] = [
  { name: 'shell', project: 'Language', description: 'What a shell step can be told', tags: ['shell', 'fast'], ...only, builddir: 'its-folder',
    env: { BELOW: 'builder', BOTH: 'builder', BY: ({ build }) => build.builder }, properties: { said: 'builder' }, steps: [
      show('text', 'echo "a  $((1 + 1))" | tr a b'),
      show('list', ['printf', '[%s]', 'a  b', ['$HOME', util.property('said')], ({ build }) => ['*', build.worker]]),
      show('env', 'echo "$BELOW $BOTH $BY ${LANGUAGE_GONE-gone} $LANGUAGE_KEPT $COPY $SEARCH"',
        { env: { BOTH: 'step', LANGUAGE_GONE: null, COPY: '<${LANGUAGE_KEPT}>', SEARCH: ['/a', util.interpolate('/%(prop:said)s')] } }),
      show('workdir', 'pwd', { workdir: util.interpolate('deep/%(prop:said)s') }),
      show('told', 'true', { logEnviron: true }),
      show('pty', 'test -t 1 && echo terminal || echo pipe', { usePTY: true }),
      show('pipe', 'test -t 1 && echo terminal || echo pipe'),
      show('maxTime', ['sh', '-c', 'while :; do echo talking; sleep 0.1; done'], { maxTime: 1 }),
    ] },
  { name: 'live', ...only, steps: [
    show('follow', 'echo begun > made.log; while [ ! -e @FOLDER@/go ]; do sleep 0.05; done; echo ended >> made.log',
      { logfiles: { 'what it made': util.interpolate('%(kw:name)s.log', { name: 'made' }) }, description: ['making', 'it'], descriptionDone: 'made it', descriptionSuffix: util.interpolate('for %(prop:owner)s') }),
    show('wait', 'echo waiting; sleep 300', { description: 'waiting' }),
  ] },
  { name: 'described', ...only, steps: [
    show('description', 'true', { description: 'doing' }),
    show('done', 'true', { description: 'doing', descriptionDone: ['all', 'done'], descriptionSuffix: 'here' }),
    show('failed', 'false', { descriptionDone: () => 'tried', flunkOnFailure: false }),
    show('words', ['echo', 'a b c']),
    steps.custom({ name: 'custom', description: 'thinking', descriptionSuffix: 'hard', run: () => {} }),
    show('hidden', 'true', { hideStepIf: true }),
    show('hidden by result', 'true', { hideStepIf: (result, { property }) => result === results.SKIPPED && property('buildername') === 'described', doStepIf: () => false }),
    show('not hidden', 'true', { hideStepIf: result => result === results.FAILURE }),
  ] },
]

const texts: BuilderOptions[] = [
  { name: 'texts', ...only, properties: { here: 'H', empty: '', zero: 0, list: ['a', 'b'], said: 'builder', common: 'builder' }, steps: [
    steps.setProperty({ name: 'set', property: 'made', value: util.interpolate('%(prop:here)s-%(kw:list)s', { list: util.property('list') }) }),
    steps.setProperty({ name: 'set data', property: 'data', value: { of: [util.property('here'), 1] } }),
    async ctx => { await ctx.setProperty('mine', 1, 'my own') },
    show('forms', ['printf', '%s\\n',
      util.interpolate('%(prop:none:-d)s %(prop:here:-d)s %(prop:empty:-d)s'),
      util.interpolate('%(prop:none:~d)s %(prop:empty:~d)s %(prop:zero:~d)s %(prop:here:~d)s'),
      util.interpolate('%(prop:none:+t)s %(prop:empty:+t)s'),
      util.interpolate('%(prop:none:?|t|f)s %(prop:empty:?:t:f)s %(prop:empty:#?|t|f)s %(prop:here:#?|t|f)s'),
      util.interpolate('%(prop:none:-%(prop:here:+<%(prop:here)s>)s)s 100%%'),
      util.interpolate('%(src::branch)s %(src::revision:~tip)s %(src::repository)s %(src:none:branch:-no codebase)s'),
      util.interpolate('%(kw:word)s %(kw:later)s %(prop:made)s', { word: 'W', later: ({ property }) => `${String(property('here'))}!` }),
      util.interpolate('%(secret:token)s %(worker:none:-no worker)s'),
      util.property('none', 'default'), util.property('empty', 'default'), util.property('empty', 'default', { defaultWhenFalse: false }),
    ]),
    show('functions', ({ property, properties, sourcestamps, build }) => ['echo', String(property('none', 'nothing')), String(properties['said']), sourcestamps['']!.branch ?? 'none', build.reason, util.interpolate('%(prop:here)s')]),
  ] },
]

const sources: BuilderOptions[] = [
  { name: 'clean', ...only, steps: [
    git({ name: 'first', mode: 'full', method: 'fresh', submodules: true }),
    show('litter', 'touch kept.o rubbish lib/kept.o lib/rubbish; echo changed > hello'),
    git({ name: 'clean', mode: 'full', method: 'clean', submodules: true }),
    show('after clean', 'ls -d *.o rubbish lib/*.o lib/rubbish 2>/dev/null; cat hello lib/inside'),
    show('litter again', 'touch rubbish lib/rubbish'),
    git({ name: 'fresh', mode: 'full', method: 'fresh', submodules: true }),
    show('after fresh', 'ls -d *.o rubbish lib/*.o lib/rubbish 2>/dev/null; cat hello'),
  ] },
  { name: 'branches', ...only, steps: [git({ branch: util.interpolate('%(kw:side)s', { side: 'side' }) }), show('look', 'git rev-parse --abbrev-ref HEAD; cat hello')] },
  { name: 'codebases', ...only, steps: [git({ codebase: 'app', workdir: 'app' }), git({ codebase: 'lib', workdir: 'lib', repository: '@LIBRARY@' }), show('look', util.interpolate('echo "%(src:app:branch)s %(src:lib:revision)s"')), git({ codebase: 'ghost' })] },
  { name: 'latest', ...only, steps: [git({ branch: 'main', alwaysUseLatest: true })] },
]

const scheduled = ['stable', 'important', 'along', 'filtered', 'any', 'many'].map((name): BuilderOptions => ({ name, ...only, steps: [show('none', 'true')] }))
const gate = show('gate', 'while [ ! -e @FOLDER@/open ]; do sleep 0.05; done', { workdir: '.' })

export default defineConfig({
  title: 'Language',
  projects: [{ name: 'Language', slug: 'lang', description: 'All of it' }],
  workers: [workers.worker({ name: 'w1', password: 'pw', properties: { room: 'attic', common: 'worker' } })],
  builders: [
    shell, texts, sources, scheduled, Object.entries(flags).map(([name, own]) => ({ name, ...only, steps: own })),
    { name: 'collapses', ...only, collapseRequests: true, steps: [gate] }, { name: 'keeps', ...only, collapseRequests: false, steps: [gate] },
  ].flat(2),
  schedulers: [
    schedulers.singleBranch({ name: 'stable', branch: 'stable', treeStableTimer: '2s', builders: ['stable'], properties: { said: 'scheduler', own: 'scheduler' }, reason: 'it is stable' }),
    schedulers.singleBranch({ name: 'important', branch: 'docs', treeStableTimer: '2s', onlyImportant: true, fileIsImportant: ({ files }) => files.some(file => !file.endsWith('.md')), builders: ['important'] }),
    schedulers.singleBranch({ name: 'along', branch: 'docs', treeStableTimer: '2s', fileIsImportant: async ({ files }) => files.some(file => !file.endsWith('.md')), builders: ['along'] }),
    schedulers.anyBranch({ name: 'filtered', builders: ['filtered'], changeFilter: util.changeFilter({ branch: /^release-\d+$/, category: ['good', /^very/], projectNot: 'other', filterFn: ({ author }) => author !== 'nobody' }) }),
    schedulers.anyBranch({ name: 'any', branches: ['one', 'two'], treeStableTimer: 2, builders: ['any'] }),
    schedulers.singleBranch({ name: 'collapsing', branch: 'busy', builders: ['collapses', 'keeps'] }),
    schedulers.force({ name: 'force', properties: { said: 'scheduler', own: 'scheduler' }, builders: [
      'shell', 'live', 'described', 'texts', 'clean', 'branches', 'latest', ...Object.keys(flags)] }),
    schedulers.force({ name: 'two codebases', codebases: { app: { repository: '@REPOSITORY@', branch: 'main' }, lib: { repository: '@LIBRARY@' } }, builders: ['codebases'] }),
    schedulers.force({ name: 'form', label: 'A form', buttonName: 'go', builders: ['many'], reasonString: '%(owner)s wants it: %(reason)s', parameters: [
      util.stringParameter({ name: 'word', label: 'A word', default: 'none', regex: /^[a-z]+$/, maxsize: 8, required: true }),
      util.choiceStringParameter({ name: 'colour', choices: ['red', 'green'], default: 'red' }),
      util.choiceStringParameter({ name: 'several', choices: ['a', 'b', 'c'], multiple: true, default: ['a'] }),
      util.booleanParameter({ name: 'quick', default: true }),
      util.intParameter({ name: 'jobs', default: 4 }),
      util.fixedParameter({ name: 'fixed', default: { is: 'so' } }),
      util.nestedParameter({ name: 'group', fields: [util.textParameter({ name: 'inner', default: 'in' }), util.intParameter({ name: 'number', default: 1 })] }),
      util.nestedParameter({ name: '', fields: [util.stringParameter({ name: 'flat', default: 'flat' })] }),
    ] }),
  ],
  changeHooks: [changeHooks.base()],
})
