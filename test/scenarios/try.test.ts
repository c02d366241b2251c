import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CANCELLED, SUCCESS } from '@yardmaster/domain'
import { afterAll, beforeAll, beforeEach, expect, onTestFailed, test } from 'vitest'
import { newPage, startBrowser } from '../kit/browser.js'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { gitRepository, type GitRepository } from '../kit/git-repository.js'
import { stockWorkerProgram } from '../kit/stock-worker.js'
import { until } from '../kit/until.js'

const stock = stockWorkerProgram !== null
const folder = mkdtempSync(join(tmpdir(), 'yardmaster-try-'))
const gate = join(folder, 'gate')
const config = (repository: string) => `
import { defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const builder = (name, workers, more = []) => ({ name, workers, collapseRequests: false, steps: [
  steps.git({ repository: ${JSON.stringify(repository)}, logEnviron: false }), ...more,
  steps.shell({ name: 'check', logEnviron: false, command: 'ls; cat value; grep -q good value' }),
] })
const mine = ['w1', 'w3'].map(name => workers.worker({ name, password: 'pw' }))
export default defineConfig({
  workers: [...mine, workers.worker({ name: 'w2', password: 'pw' })],
  builders: [
    builder('own', ['w1']), builder('stock', ['w2']), builder('either', ['w1', 'w3']),
    builder('slow', ['w3'], [steps.shell({ name: 'wait', logEnviron: false, command: ${JSON.stringify(`while [ ! -e '${gate}' ]; do sleep 0.05; done`)} })]),
  ],
  schedulers: [
    schedulers.try({ name: 'try', builders: ['own', 'slow'${stock ? ", 'stock'" : ''}], userpass: [['ann', 'sesame']], properties: { tried: true } }),
    schedulers.force({ name: 'form', builders: ['either', 'own'], codebases: [util.codebaseParameter({ codebase: '', patch: util.patchParameter() })], properties: [
      util.workerChoiceParameter(), util.fileParameter({ name: 'notes', label: 'Notes', tooltip: 'Shown to the release manager' }),
      util.nestedParameter({ name: '', label: 'More', layout: 'tabs', fields: [
        util.nestedParameter({ name: 'build', label: 'Build', columns: 2, fields: [
          util.choiceStringParameter({ name: 'kind', choices: ['debug', 'release'], autopopulate: { release: { build_jobs: 8, publish_where: 'world' } } }), util.intParameter({ name: 'jobs', default: 2 }), util.booleanParameter({ name: 'clean' }),
        ] }),
        util.nestedParameter({ name: 'publish', label: 'Publish', fields: [util.stringParameter({ name: 'where', label: 'Where', regex: /[a-z]+$/ }), util.textParameter({ name: 'text', rows: 3 })] }),
      ] }),
      util.choiceStringParameter({ name: 'sad', choices: () => { throw new Error('the tracker is away') } }),
      util.choiceStringParameter({ name: 'target', dependsOn: ['branch'], choices: async ({ builder, values }) => ['any', builder + ' of ' + values.branch] }),
    ] }),
  ],
})
`

let cluster: Cluster
let repository: GitRepository
let work: string
const identity = { GIT_AUTHOR_NAME: 'Ann', GIT_AUTHOR_EMAIL: 'ann@example.org', GIT_COMMITTER_NAME: 'Ann', GIT_COMMITTER_EMAIL: 'ann@example.org' }

beforeAll(async () => {
  repository = gitRepository()
  repository.commit('first', { value: 'good\n', 'deep/er/one': '1\n' })
  cluster = await startCluster({ config: config(repository.folder), workers: ['w1', 'w3'], stockWorkers: stock ? ['w2'] : [] })
})
afterAll(async () => {
  await cluster?.stop()
  repository?.remove()
  rmSync(folder, { recursive: true, force: true })
})
let clones = 0
beforeEach(() => {
  work = join(folder, `work${++clones}`)
  execFileSync('git', ['clone', '--quiet', repository.folder, work])
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
})

const program = join(import.meta.dirname, '../../packages/cli/dist/main.js')
type Said = { code: number | null; out: string; err: string }
function start(args: string[], { cwd = work, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): { child: ChildProcess; said: Said; ended: Promise<Said> } {
  const child = spawn(process.execPath, [program, ...args, '--url', cluster.url], { cwd, env: { ...process.env, ...identity, NO_COLOR: '1', YARD_TRY_USER: 'ann', YARD_TRY_PASSWORD: 'sesame', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const said: Said = { code: null, out: '', err: '' }
  child.stdout.on('data', chunk => { said.out += chunk })
  child.stderr.on('data', chunk => { said.err += chunk })
  return { child, said, ended: once(child, 'close').then(() => ({ ...said, code: child.exitCode })) }
}
const yard = (args: string[], more?: Parameters<typeof start>[1]): Promise<Said> => start(args, more).ended
const logOf = async (builder: string, step: string): Promise<string> => (await yard(['log', await newest(builder), step])).out
const newest = async (builder: string): Promise<string> => `${builder}/${(await cluster.rows<{ number: number }>('SELECT max(b.number)::int AS number FROM builds b JOIN builders d ON d.id = b.builder_id WHERE d.name = $1', [builder]))[0]!.number}`

const both = ['-b', 'own', ...(stock ? ['-b', 'stock'] : [])]

test('a patch that passes, from a subfolder: with a binary file, a renamed and an unknown one; the next build has nothing of it', async () => {
  writeFileSync(join(work, 'picture'), Buffer.from([0, 255, 10, 0, 254]))
  execFileSync('git', ['add', 'picture'], { cwd: work })
  execFileSync('git', ['mv', 'deep/er/one', 'deep/two'], { cwd: work })
  writeFileSync(join(work, 'value'), 'good and new\n')
  mkdirSync(join(work, 'fresh'))
  writeFileSync(join(work, 'fresh/unknown'), 'x\n')
  const { code, out, err } = await yard(['try', ...both, '--untracked', '--comment', 'please'], { cwd: join(work, 'deep') })
  expect(code, `${out}\n${err}`).toBe(0)
  expect(out).toMatch(/own #\d+: success/)
  if (stock) expect(out).toMatch(/stock #\d+: success/)
  expect(await logOf('own', 'check')).toMatch(/fresh\npicture\nvalue\ngood and new/)
  const [buildset] = await cluster.rows<{ reason: string; actor: string }>('SELECT reason, actor FROM buildsets ORDER BY id DESC LIMIT 1')
  expect(buildset).toMatchObject({ reason: expect.stringMatching(/^'try' job by user .* \(please\)$/), actor: 'user:ann' })
  const plain = await yard(['force', 'own', '--scheduler', 'form', '--wait'])
  expect(plain.code, plain.err).toBe(0)
  expect(await logOf('own', 'check')).toMatch(/^[^]*\bdeep\nvalue\ngood\n/)
  expect(await logOf('own', 'check')).not.toMatch(/fresh|picture/)
})

test('a patch that fails: the log of the step that failed, and the exit code', async () => {
  writeFileSync(join(work, 'value'), 'bad\n')
  const { code, out } = await yard(['try', ...both, '--logs'])
  expect(code).toBe(1)
  expect(out).toMatch(/== own #\d+ check\n[^]*\nbad\n/)
  expect(out).toMatch(/own #\d+: failure/)
})

test('a patch that does not apply is told by its step, and leaves the folder usable', async () => {
  const patch = join(folder, 'patch')
  writeFileSync(patch, 'diff --git a/value b/value\n--- a/value\n+++ b/value\n@@ -1 +1 @@\n-nothing like it\n+bad\n')
  const { code, out } = await yard(['try', ...both, '--diff', patch, '--logs'])
  expect(code).toBe(1)
  expect(out).toContain('patch does not apply')
  const [step] = await cluster.rows<{ state_string: string }>(`SELECT s.state_string FROM steps s JOIN builds b ON b.id = s.build_id JOIN builders d ON d.id = b.builder_id WHERE d.name = 'own' AND s.name = 'git' ORDER BY b.id DESC LIMIT 1`)
  expect(step!.state_string).toMatch(/the patch does not apply/)
  const below = join(folder, 'below')
  writeFileSync(below, '--- er/one\n+++ er/one\n@@ -1 +1 @@\n-1\n+2\n')
  const applied = await yard(['try', ...both, '--diff', below, '-p', '0', '--subdir', 'deep'])
  expect(applied.code, applied.out + applied.err).toBe(0)
})

test('what is wrong is a sentence', async () => {
  const told = async (args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> => {
    const { code, err } = await yard(['try', ...args], { env })
    expect(code).toBe(1)
    return err
  }
  expect(await told([])).toMatch(/^nothing differs from [0-9a-f]{12} of main: there is nothing to try \(files that git does not know need --untracked\)\n$/)
  writeFileSync(join(work, 'value'), 'x\n')
  expect(await told(['-b', 'nope'])).toMatch(/no try scheduler builds 'nope'; you may try: own, slow/)
  expect(await told([], { YARD_TRY_PASSWORD: 'guess' })).toMatch(/no try scheduler knows the user 'ann' with this password/)
  expect(await told([], { YARD_TRY_USER: '' })).toMatch(/try wants a user/)
  expect((await yard(['try', '--get-builder-names'])).out.split('\n')).toEqual(expect.arrayContaining(['own', 'slow']))
  const dry = await yard(['try', '--dry-run', '-b', 'own'])
  expect(dry).toMatchObject({ code: 0, err: expect.stringMatching(/^would try at [0-9a-f]{40} of main, on own, with this patch:/), out: expect.stringContaining('+x') })
})

test('Ctrl-C leaves the builds running, or cancels them', async () => {
  writeFileSync(join(work, 'value'), 'good thing\n')
  const begin = async (...more: string[]) => {
    const { child, said, ended } = start(['try', '-b', 'slow', ...more])
    await until('the build to be shown as it runs', async () => /slow #\d+: (started|.*wait)/.test(said.out))
    child.kill('SIGINT')
    return ended
  }
  const resultsOf = async () => (await cluster.rows<{ results: number }>(`SELECT b.results FROM builds b JOIN builders d ON d.id = b.builder_id WHERE d.name = 'slow' AND b.results IS NOT NULL ORDER BY b.id`)).map(row => row.results)
  expect(await begin()).toMatchObject({ code: 130, err: expect.stringMatching(/1 of 1 builds go on without you/) })
  writeFileSync(gate, '')
  await until('the first to end well', async () => (await resultsOf()).length === 1)
  rmSync(gate)
  expect(await begin('--cancel-on-interrupt')).toMatchObject({ code: 130, err: expect.stringContaining('1 builds were cancelled') })
  await until('the second to be cancelled', async () => (await resultsOf()).length === 2)
  expect(await resultsOf()).toEqual([SUCCESS, CANCELLED])
})

test('a form chooses the worker and has choices by function; a build is rebuilt with its patch, and without', async () => {
  for (const worker of ['w3', 'w1']) {
    const { code, err } = await yard(['force', 'either', '--property', `workername=${worker}`, '--property', 'target=either of main', '--branch', 'main', '--wait'])
    expect(code, err).toBe(0)
    expect(await cluster.rows(`SELECT w.name FROM builds b JOIN workers w ON w.id = b.worker_id ORDER BY b.id DESC LIMIT 1`)).toEqual([{ name: worker }])
  }
  expect((await yard(['force', 'either', '--property', 'target=other'])).err).toMatch(/target: 'other' does not belong to list of available choices/)
  expect((await yard(['force', 'either', '--property', 'workername=w9'])).err).toMatch(/workername: 'w9' does not belong/)
  writeFileSync(join(work, 'value'), 'good patch\n')
  expect((await yard(['try', '-b', 'own'])).code).toBe(0)
  const build = await newest('own')
  expect((await yard(['rebuild', build, '--property', 'level=3', '--wait'])).code).toBe(0)
  expect(await logOf('own', 'check')).toContain('good patch')
  expect((await yard(['rebuild', build, '--no-patch', '--wait'])).code).toBe(0)
  expect(await logOf('own', 'check')).not.toContain('good patch')
})

test('the form in the browser: files, tabs, what fills in other fields, choices by function, mistakes; and a rebuild with changes', async () => {
  const browser = await startBrowser()
  try {
    const page = await newPage(browser, { viewport: { width: 1280, height: 900 } })
    await page.goto(cluster.url)
    await page.getByTestId('builder-row').filter({ hasText: 'either' }).getByTestId('force-button').click()
    const form = page.getByTestId('force-dialog')
    await form.getByTestId('field-sad').getByText('the tracker is away').waitFor()
    await form.getByTestId('field-branch').locator('input').fill('main')
    await form.getByTestId('field-target').locator('option', { hasText: 'either of main' }).waitFor({ state: 'attached' })
    await form.getByTestId('field-target').locator('select').selectOption('either of main')
    await form.getByTestId('field-workername').locator('select').selectOption('w3')
    await form.getByTestId('field-notes').locator('input').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('read me\n') })
    await form.getByTestId('field-patch_body').locator('input').setInputFiles({ name: 'a.patch', mimeType: 'text/plain', buffer: Buffer.from('--- a/value\n+++ b/value\n@@ -1 +1 @@\n-good\n+good by hand\n') })
    await form.getByTestId('field-build_kind').locator('select').selectOption('release')
    await form.getByRole('tab', { name: 'Build' }).press('ArrowRight')
    await form.getByTestId('field-publish_where').locator('input').fill('NOT THIS')
    await form.getByRole('tab', { name: 'Publish' }).press('ArrowLeft')
    await page.getByTestId('force-dialog-submit').click()
    await form.getByTestId('field-publish_where').getByText('does not match pattern').waitFor()
    await form.locator('[data-testid="field-publish_where"] input:focus').waitFor()
    await form.getByTestId('field-publish_where').locator('input').fill('world')
    await page.getByTestId('force-dialog-submit').click()
    await form.waitFor({ state: 'detached' })
    await until('the build', async () => (await cluster.rows(`SELECT 1 FROM buildsets WHERE properties->'notes'->>0 = $1 AND results = 0`, ['read me\n'])).length === 1)
    const [{ properties, worker }] = await cluster.rows<{ properties: object; worker: string }>('SELECT s.properties, w.name AS worker FROM builds b JOIN workers w ON w.id = b.worker_id JOIN build_requests r ON r.id = b.build_request_id JOIN buildsets s ON s.id = r.buildset_id ORDER BY b.id DESC LIMIT 1') as [{ properties: object; worker: string }]
    expect(worker).toBe('w3')
    expect(properties).toMatchObject({ build: [{ kind: 'release', jobs: 8, clean: false }, 'Force Build Form'], publish: [{ where: 'world', text: '' }, 'Force Build Form'], target: ['either of main', 'Force Build Form'] })

    await page.goto(`${cluster.url}builders/either`)
    await page.getByTestId('history-row').first().locator('a').first().click()
    await page.getByTestId('tab-changes').click()
    await page.getByTestId('patch').getByText('+good by hand').waitFor()
    await page.getByTestId('rebuild-with-changes-button').click()
    const dialog = page.getByTestId('rebuild-dialog')
    await dialog.getByTestId('rebuild-property-build').locator('input').fill('{"kind":')
    await dialog.getByTestId('rebuild-property-target').getByRole('button').click()
    await dialog.getByTestId('rebuild-add-property').click()
    await dialog.getByLabel('Name of the property').fill('extra')
    await dialog.getByTestId('rebuild-property-extra').getByLabel('Value of extra').fill('yes')
    await page.getByTestId('rebuild-dialog-submit').click()
    await dialog.getByText('write JSON').waitFor()
    await dialog.getByTestId('rebuild-property-build').locator('input').fill('{"kind":"debug"}')
    await dialog.getByText('with its patch').click()
    await page.getByTestId('rebuild-dialog-submit').click()
    await page.waitForURL('**/buildrequests/*')
    const [again] = await cluster.rows<{ properties: object; patch: number | null }>('SELECT s.properties, t.patch_id AS patch FROM buildsets s JOIN buildset_sourcestamps b ON b.buildset_id = s.id JOIN sourcestamps t ON t.id = b.sourcestamp_id ORDER BY s.id DESC LIMIT 1')
    expect(again).toMatchObject({ patch: null, properties: { build: [{ kind: 'debug' }, 'Rebuild'], extra: ['yes', 'Rebuild'], notes: ['read me\n', 'Force Build Form'] } })
    expect(again!.properties).not.toHaveProperty('target')

    await page.goto(cluster.url)
    await page.getByTestId('builder-row').filter({ hasText: 'either' }).getByTestId('force-button').click()
    await page.getByTestId('as-last-time').click()
    await until('the worker of last time', async () => await form.getByTestId('field-workername').locator('select').inputValue() === 'w3')
  } finally {
    await browser.close()
  }
})
