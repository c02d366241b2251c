import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CANCELLED, FAILURE, SKIPPED, SUCCESS, WARNINGS, type Json } from '@yardmaster/domain'
import { builders, builds, changes, logs, propertyList, sourcestamps, steps } from '@yardmaster/rest'
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { gitRepository, type GitRepository } from '../kit/git-repository.js'
import { until } from '../kit/until.js'

const folder = mkdtempSync(join(tmpdir(), 'yardmaster-language-'))
const SECRET = 'hunter2-and-more'
let cluster: Cluster
let repository: GitRepository
let library: GitRepository
let revisions: { first: string; second: string }

const git = (...args: string[]) => execFileSync('git', ['-C', repository.folder, '-c', 'protocol.file.allow=always', ...args], { encoding: 'utf8', stdio: 'pipe' }).trim()

beforeAll(async () => {
  repository = gitRepository()
  library = gitRepository()
  library.commit('library', { inside: 'library one\n', '.gitignore': '*.o\n' })
  const first = repository.commit('first', { hello: 'first\n', '.gitignore': '*.o\n' })
  git('submodule', '--quiet', 'add', library.folder, 'lib')
  revisions = { first, second: repository.commit('second', { hello: 'second\n' }) }
  const places: { [name: string]: string } = { REPOSITORY: repository.folder, LIBRARY: library.folder, FOLDER: folder }
  const config = readFileSync(new URL('language.config.ts', import.meta.url), 'utf8').replace(/@(REPOSITORY|LIBRARY|FOLDER)@/g, (_all, name: string) => places[name]!)
  cluster = await startCluster({ config, workers: ['w1'], env: { YARD_SECRET_TOKEN: SECRET, LANGUAGE_GONE: 'here', LANGUAGE_KEPT: 'kept' } })
})
afterAll(async () => {
  await cluster?.stop()
  for (const made of [repository, library]) made?.remove()
  rmSync(folder, { recursive: true, force: true })
})

const words = () => onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) })

async function builderId(name: string): Promise<number> {
  return (await cluster.client.list(builders, 'builders', { name })).rows[0]!.builderid
}

/** Asks for a build of one builder; answers the request. */
async function force(builder: string, fields: { [field: string]: Json } = {}, scheduler = 'force'): Promise<number> {
  words()
  const id = await builderId(builder)
  const [, requests] = await cluster.client.control(`forceschedulers/${scheduler}`, 'force', { builderid: id, reason: 'a scenario', ...fields }) as [number, { [builder: string]: number }]
  return requests[String(id)]!
}

const buildOf = async (request: number) => (await cluster.client.list(builds, 'builds', { buildrequestid: request })).rows[0]
const stepsOf = async (build: number) => (await cluster.client.list(steps, `builds/${build}/steps`)).rows
const stepOf = async (build: number, name: string) => (await stepsOf(build)).find(step => step.name === name)!
const logOf = async (build: number, step: string, slug = 'stdio') => (await cluster.client.raw(`builds/${build}/steps/${step}/logs/${slug}/raw_inline`)).text()
/** What the command itself printed. */
async function saidBy(build: number, step: string): Promise<string[]> {
  const { logid } = (await cluster.client.list(logs, `builds/${build}/steps/${(await stepOf(build, step)).number}/logs`)).rows[0]!
  const { logchunks } = await (await cluster.client.raw(`logs/${logid}/contents`)).json() as { logchunks: { content: string }[] }
  return logchunks[0]!.content.split('\n').filter(line => line.startsWith('o')).map(line => line.slice(1))
}
const propertiesOf = async (build: number) =>
  Object.fromEntries((await cluster.client.list(propertyList, `builds/${build}/property_list`)).rows.map(({ name, value, source }) => [name, [JSON.parse(value), source]]))

async function finished(request: number) {
  return until(`the build of request ${request} to end`, async () => { const build = await buildOf(request); return build?.complete ? build : null })
}
const built = async (builder: string, fields: { [field: string]: Json } = {}, scheduler?: string) => finished(await force(builder, fields, scheduler))

/** A change by the hook `base`; answers when it is committed. */
async function change(fields: { [name: string]: Json }): Promise<void> {
  words()
  const body = JSON.stringify({ author: 'ann', comments: 'changed', repository: 'https://example.org/r', ...fields })
  const response = await fetch(`${cluster.url}change_hook/base`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  expect(response.status, await response.text()).toBe(202)
}
/** The newest builds of a builder, oldest first, once there are so many that ended. */
const ended = async (builder: string, count: number) => until(`${count} builds of ${builder}`, async () => {
  const { rows } = await cluster.client.list(builds, `builders/${builder}/builds`, { order: 'number', complete: true })
  return rows.length >= count && rows
})
const dispatched = () => until('every change to be dispatched', async () => (await cluster.rows('SELECT 1 FROM changes WHERE dispatched_at IS NULL')).length === 0)
const quiet = () => until('every timer to have fired, and its buildset to be there', async () => (await cluster.rows('SELECT 1 FROM scheduler_timers WHERE important UNION ALL SELECT 1 FROM scheduler_tasks')).length === 0)
const placesOf = async (scheduler: string) => (await cluster.rows<{ branch: string; revision: string }>(
  'SELECT s.branch, s.revision FROM buildsets b JOIN buildset_sourcestamps bs ON bs.buildset_id = b.id JOIN sourcestamps s ON s.id = bs.sourcestamp_id WHERE b.scheduler = $1 ORDER BY b.id', [scheduler])).map(({ branch, revision }) => `${branch} ${revision}`)

describe('a shell step', () => {
  test('runs its command where, with what and for how long it is told', async () => {
    const build = await built('shell')
    expect(await saidBy(build.buildid, 'text')).toEqual(['b  2'])
    expect(await saidBy(build.buildid, 'list')).toEqual(['[a  b][$HOME][builder][*][w1]'])
    expect(await saidBy(build.buildid, 'env')).toEqual(['builder step shell gone kept <kept> /a:/builder'])
    expect((await saidBy(build.buildid, 'workdir'))[0]).toMatch(/\/w1\/its-folder\/deep\/builder$/)
    expect(await logOf(build.buildid, 'told')).toMatch(/ environment:\n(.*\n)*  BOTH=builder\n/)
    expect(await logOf(build.buildid, 'text')).not.toContain('environment:')
    expect([await saidBy(build.buildid, 'pty'), await saidBy(build.buildid, 'pipe')]).toEqual([['terminal'], ['pipe']])
    expect(await logOf(build.buildid, 'maxTime')).toMatch(/command timed out: 1 seconds? elapsed running/)
    expect(await stepOf(build.buildid, 'maxTime')).toMatchObject({ results: FAILURE, state_string: "'sh -c ...' (failure) (timed out)" })
    expect(build.results).toBe(FAILURE)
  })

  test('shows another file while it is written, says what it does, and what stopped it', async () => {
    const request = await force('live', { username: 'Ann <ann@example.org>' })
    const build = await until('it to run', () => buildOf(request))
    await until('the file to be followed', async () => (await logOf(build.buildid, 'follow', 'what_it_made').catch(() => '')) === 'begun\n')
    expect(await stepOf(build.buildid, 'follow')).toMatchObject({ complete: false, state_string: 'making it for Ann <ann@example.org>' })
    writeFileSync(join(folder, 'go'), '')
    await until('the next step to print', async () => (await logOf(build.buildid, 'wait').catch(() => '')).includes('\nwaiting\n'))
    expect(await stepOf(build.buildid, 'follow')).toMatchObject({ results: SUCCESS, state_string: 'made it for Ann <ann@example.org>' })
    const { rows } = await cluster.client.list(logs, `builds/${build.buildid}/steps/0/logs`)
    expect(rows.map(({ name, type, num_lines, complete }) => [name, type, name === 'stdio' || num_lines, complete])).toEqual([['stdio', 's', true, true], ['what it made', 't', 2, true]])
    await cluster.client.control(`builds/${build.buildid}`, 'stop', { reason: 'enough' })
    expect(await finished(request)).toMatchObject({ results: CANCELLED })
    expect(await logOf(build.buildid, 'wait')).toMatch(/command interrupted.*attempting to kill/)
    expect(await stepOf(build.buildid, 'wait')).toMatchObject({ results: CANCELLED, state_string: "'echo waiting; ...' (cancelled)" })
  })

  test('is described and hidden as Buildbot\'s is', async () => {
    const build = await built('described')
    const rows = await stepsOf(build.buildid)
    expect(Object.fromEntries(rows.map(step => [step.name, step.state_string]))).toEqual({
      description: "'true'", done: 'all done here', failed: 'tried (failure)', words: "'echo a b c'", custom: 'thinking hard', hidden: "'true'", 'hidden by result': 'skipped', 'not hidden': "'true'" })
    expect(rows.filter(step => step.hidden).map(step => [step.name, step.results])).toEqual([['hidden', SUCCESS], ['hidden by result', SKIPPED]])
  })

  test('makes of its build what its flags say', async () => {
    const expected: { [builder: string]: [result: number, text: string, next: number | null] } = {
      'flunks': [FAILURE, 'failed fails (failure)', SUCCESS],
      'flunks not': [SUCCESS, 'build successful', SUCCESS],
      'warns of a failure': [WARNINGS, 'warnings fails', SUCCESS],
      'flunks and warns': [FAILURE, 'failed fails (failure)', SUCCESS],
      'halts without a flunk': [SUCCESS, 'build successful', null],
      'flunks on warnings': [FAILURE, 'failed warns (failure)', SUCCESS],
      'warns of warnings': [WARNINGS, 'warnings warns', SUCCESS],
      'passes warnings over': [SUCCESS, 'build successful', SUCCESS],
      'halts not on warnings': [WARNINGS, 'warnings warns', SUCCESS],
      'blames who is to blame': [WARNINGS, 'warnings warns', WARNINGS],
    }
    const requests = await Promise.all(Object.keys(expected).map(async name => [name, await force(name)] as const))
    const found = await Promise.all(requests.map(async ([name, request]) => {
      const build = await finished(request)
      return [name, [build.results, build.state_string, (await stepsOf(build.buildid)).at(-1)!.results]] as const
    }))
    expect(Object.fromEntries(found)).toEqual(expected)
  })
})

describe('steps.git', () => {
  test('cleans what its method says, submodules too', async () => {
    const build = await built('clean')
    expect(build.results, build.state_string).toBe(SUCCESS)
    expect(await saidBy(build.buildid, 'after clean')).toEqual(['kept.o', 'lib/kept.o', 'second', 'library one'])
    expect(await saidBy(build.buildid, 'after fresh')).toEqual(['second'])
  })

  test('builds the branch and the revision that are asked for, whatever became of the branch', async () => {
    git('branch', 'side', revisions.first)
    const look = async (fields: { [field: string]: Json }) => {
      const build = await built('branches', fields)
      return [build.results, build.results === SUCCESS ? await saidBy(build.buildid, 'look') : []]
    }
    expect(await look({})).toEqual([SUCCESS, ['side', 'first']])
    expect(await look({ branch: 'main' })).toEqual([SUCCESS, ['main', 'second']])
    expect(await look({ branch: 'main', revision: revisions.first })).toEqual([SUCCESS, ['main', 'first']])
    git('checkout', '--quiet', '--orphan', 'other')
    repository.commit('rewritten', { hello: 'rewritten\n' })
    git('branch', '--force', 'side', 'other')
    git('checkout', '--quiet', '--force', 'main')
    expect(await look({})).toEqual([SUCCESS, ['side', 'rewritten']])
    git('branch', '-D', 'side')
    expect(await look({})).toEqual([FAILURE, []])
    expect(await look({ branch: 'main' })).toEqual([SUCCESS, ['main', 'second']])
    const latest = await built('latest', { branch: 'other', revision: revisions.first })
    expect((await propertiesOf(latest.buildid)).got_revision).toEqual([revisions.second, 'Git'])
  })

  test('keeps codebases apart', async () => {
    const build = await built('codebases', { lib_branch: 'main' }, 'two codebases')
    const head = execFileSync('git', ['-C', library.folder, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim()
    expect((await propertiesOf(build.buildid)).got_revision).toEqual([{ app: revisions.second, lib: head }, 'Git'])
    expect((await stepsOf(build.buildid)).map(step => [step.name, step.state_string])).toEqual([['git-app', 'update app'], ['git-lib', 'update lib'], ['look', "'echo \"main ...'"], ['git-ghost', 'Codebase ghost not in build (failure)']])
    expect(await saidBy(build.buildid, 'look')).toEqual(['main '])
  })
})

describe('texts and properties', () => {
  test('are rendered as Buildbot renders them', async () => {
    const build = await built('texts', { branch: 'main' })
    expect(build.results, build.state_string).toBe(SUCCESS)
    expect(await saidBy(build.buildid, 'forms')).toEqual([
      'd H ', 'd d d H', ' t', 'f t f t', '<H> 100%', 'main tip  no codebase', 'W H! H-["a","b"]', '<token> no worker', 'default', 'default', ''])
    expect(await saidBy(build.buildid, 'functions')).toEqual([`nothing builder main A build was forced by 'anonymous': a scenario H`])
  })

  test('are shown with where they come from; what the worker says counts most, then the builder', async () => {
    const { rows: [build] } = await cluster.client.list(builds, 'builders/texts/builds')
    const shown = await propertiesOf(build!.buildid)
    expect(shown).toMatchObject({
      made: ['H-["a","b"]', 'set'], data: [{ of: ['H', 1] }, 'set data'], mine: [1, 'my own'],
      room: ['attic', 'Worker'], common: ['worker', 'Worker'], said: ['builder', 'Builder'], own: ['scheduler', 'Scheduler'], scheduler: ['force', 'Scheduler'],
      owner: ['anonymous', 'Force Build Form'], reason: ['a scenario', 'Force Build Form'], buildername: ['texts', 'Builder'], builderid: [await builderId('texts'), 'Builder'],
      workername: ['w1', 'Worker'], builddir: [join(cluster.folder, 'w1', 'texts'), 'Worker'], basedir: [join(cluster.folder, 'w1'), 'Worker'],
      buildnumber: [1, 'Build'], branch: ['main', 'Build'], revision: [null, 'Build'], codebase: ['', 'Build'] })
  })

  test('of a form come from who filled it in', async () => {
    await expect(force('many', { word: 'A1', jobs: 'x', colour: 'blue' }, 'form')).rejects.toMatchObject({ fields: { word: expect.stringContaining('pattern'), jobs: expect.any(String), colour: expect.any(String) } })
    await expect(force('many', {}, 'form')).rejects.toMatchObject({ fields: { word: "'A word' needs to be specified" } })
    const build = await built('many', { word: 'abc', several: ['b', 'c'], quick: false, jobs: '7', group_inner: 'deep', fixed: 'mine', username: 'Ann <ann@example.org>' }, 'form')
    const shown = await propertiesOf(build.buildid)
    const values = { word: 'abc', colour: 'red', several: ['b', 'c'], quick: false, jobs: 7, fixed: { is: 'so' }, group: { inner: 'deep', number: 1 }, flat: 'flat', owner: 'Ann <ann@example.org>' }
    expect(shown).toMatchObject(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value, 'Force Build Form']])))
    const [{ reason }] = await cluster.rows<{ reason: string }>("SELECT reason FROM buildsets WHERE scheduler = 'form'") as [{ reason: string }]
    expect(reason).toBe('Ann <ann@example.org> wants it: a scenario')
  })

  test('tell what a builder is', async () => {
    const { rows: [builder] } = await cluster.client.list(builders, 'builders', { name: 'shell' })
    const [project] = await cluster.rows<{ id: number }>("SELECT id FROM projects WHERE name = 'Language' AND slug = 'lang' AND description = 'All of it'")
    expect(builder).toMatchObject({ description: 'What a shell step can be told', tags: ['shell', 'fast'], projectid: project!.id })
  })
})

describe('a scheduler', () => {
  test('waits for a stable tree, and builds the newest revision once, with the changes\' properties', async () => {
    for (const revision of ['r1', 'r2', 'r3']) await change({ branch: 'stable', revision, properties: { said: revision, by: 'change' } })
    const [build] = await ended('stable', 1)
    expect(await placesOf('stable')).toEqual(['stable r3'])
    expect((await cluster.client.list(changes, `builds/${build!.buildid}/changes`)).rows.map(row => row.revision)).toContain('r3')
    expect(await propertiesOf(build!.buildid)).toMatchObject({ said: ['r3', 'Change'], by: ['change', 'Change'], own: ['scheduler', 'Scheduler'], scheduler: ['stable', 'Scheduler'], revision: ['r3', 'Build'] })
    const stamp = (await cluster.client.list(sourcestamps, 'sourcestamps', { revision: 'r3' })).rows[0]
    expect(stamp).toMatchObject({ branch: 'stable', repository: 'https://example.org/r', codebase: '' })
  })

  test('builds what is important, and takes along or leaves what is not', async () => {
    await change({ branch: 'docs', revision: 'd1', files: ['a.md'] })
    await dispatched()
    expect([await cluster.rows("SELECT 1 FROM scheduler_timers WHERE important"), await placesOf('along')]).toEqual([[], []])
    await change({ branch: 'docs', revision: 'd2', files: ['a.md', 'a.ts'] })
    await change({ branch: 'docs', revision: 'd3', files: ['b.md'] })
    await Promise.all([ended('important', 1), ended('along', 1), quiet()])
    expect([await placesOf('important'), await placesOf('along')]).toEqual([['docs d2'], ['docs d3']])
  })

  test('takes the changes that its filter lets pass, and each branch by itself', async () => {
    const good = { branch: 'release-1', category: 'good' }
    for (const fields of [{ ...good, branch: 'release-x' }, { ...good, category: 'bad' }, { ...good, project: 'other' }, { ...good, author: 'nobody' }]) await change({ ...fields, revision: 'no' })
    await change({ ...good, revision: 'yes' })
    await change({ ...good, branch: 'release-22', category: 'very good', revision: 'yes' })
    for (const branch of ['one', 'two', 'three', 'one']) await change({ branch, revision: `${branch}-${await cluster.rows('SELECT 1 FROM changes').then(rows => rows.length)}` })
    await dispatched()
    await quiet()
    expect(await placesOf('filtered')).toEqual(['release-1 yes', 'release-22 yes'])
    const any = (await placesOf('any')).map(place => place.split(' ')[0]).sort()
    expect(any).toEqual(['one', 'two'])
  })

  test('asks for several builds of which waiting ones become one, unless the builder wants each', async () => {
    await change({ branch: 'busy', revision: 'b0' })
    await until('both to build', async () => (await cluster.rows("SELECT 1 FROM builds b JOIN builders u ON u.id = b.builder_id WHERE u.name IN ('collapses', 'keeps')")).length === 2)
    for (const revision of ['b1', 'b2', 'b3']) await change({ branch: 'busy', revision })
    await dispatched()
    writeFileSync(join(folder, 'open'), '')
    const [collapsed, kept] = await Promise.all([ended('collapses', 2), ended('keeps', 4)])
    const revisionsOf = (rows: typeof kept) => Promise.all(rows.map(async build => (await propertiesOf(build.buildid)).revision![0]))
    expect([await revisionsOf(collapsed), await revisionsOf(kept)]).toEqual([['b0', 'b3'], ['b0', 'b1', 'b2', 'b3']])
    const skipped = await cluster.rows<{ name: string }>('SELECT u.name FROM build_requests r JOIN builders u ON u.id = r.builder_id WHERE r.results = $1', [SKIPPED])
    expect(skipped.map(row => row.name)).toEqual(['collapses', 'collapses'])
  })
})
