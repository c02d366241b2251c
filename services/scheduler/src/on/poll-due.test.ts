import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createGit, GitFailed, type Git } from '../polls/run-git.js'
import { git, pollerWorld, type PollerWorld } from '../testing/poller-world.js'

const clock = systemClock()
let world: PollerWorld
let repository: PollerWorld['repository']
let folder: string
let lines: PollerWorld['lines']
let aPoller: PollerWorld['aPoller']
let changes: PollerWorld['changes']
let comments: PollerWorld['comments']

beforeEach(async () => {
  world = await pollerWorld();
  ({ repository, folder, lines, aPoller, changes, comments } = world)
})
afterEach(() => world?.close())

describe('commits become changes', () => {
  test('not those of the first poll, then each once, oldest first, with all that is known of them', async () => {
    repository.commit('before')
    const { poll } = await aPoller({ project: 'p', codebase: 'cb', category: 'cat' })
    await poll()
    expect(await changes()).toEqual([])
    repository.commit('one\n\nwith a "body"', { 'a b.txt': '1', 'ü/x.c': '2' })
    const revision = repository.commit('two')
    await poll()
    await poll()
    expect(await comments()).toEqual(['one\n\nwith a "body"', 'two'])
    const [one, two] = await changes()
    expect(one).toMatchObject({ branch: 'main', author: 'Ann Ä <ann@example.org>', committer: 'Cem <cem@example.org>', files: ['a b.txt', 'ü/x.c'],
      repository: repository.path, project: 'p', codebase: 'cb', category: 'cat', revlink: null, when_at: new Date(1_700_000_100_000) })
    expect(two).toMatchObject({ revision, files: ['a.txt'] })
  })

  test('also the very first one of a repository that was empty', async () => {
    const { poll } = await aPoller()
    await poll()
    repository.commit('root', { 'r.txt': '' })
    await poll()
    expect(await changes()).toMatchObject([{ comments: 'root', files: ['r.txt'] }])
  })

  test('of a merge: one on its first-parent line, with what the merge brought', async () => {
    repository.commit('base')
    const { poll } = await aPoller({ branches: ['main'] })
    await poll()
    repository.git('switch', '--quiet', '-c', 'side')
    repository.commit('side one', { 'side.txt': '1' })
    repository.commit('side two', { 'side2.txt': '1' })
    repository.git('switch', '--quiet', 'main')
    repository.commit('on main', { 'main.txt': '1' })
    repository.git('merge', '--quiet', '--no-ff', '-m', 'merge side', 'side')
    await poll()
    expect(await changes()).toMatchObject([{ comments: 'on main', files: ['main.txt'] }, { comments: 'merge side', files: ['side.txt', 'side2.txt'] }])
  })

  test('of new, renamed, replaced and deleted branches: what no known branch had', async () => {
    repository.commit('base')
    const { poll } = await aPoller()
    await poll()
    repository.git('switch', '--quiet', '-c', 'a')
    repository.commit('on a')
    await poll()
    repository.git('branch', '-m', 'a', 'renamed')
    await poll()
    repository.git('branch', '-m', 'renamed', 'renamed/deeper')
    repository.commit('deeper')
    await poll()
    repository.git('switch', '--quiet', 'main')
    repository.git('branch', '-D', 'renamed/deeper')
    await poll()
    repository.commit('on main')
    await poll()
    expect((await changes()).map(({ branch, comments: text }) => [branch, text])).toEqual([['a', 'on a'], ['renamed/deeper', 'deeper'], ['main', 'on main']])
  })

  test('of a rewritten branch: the new ones, also when the mirror is lost', async () => {
    repository.commit('base')
    const { poll } = await aPoller()
    await poll()
    repository.commit('wrong')
    await poll()
    rmSync(folder, { recursive: true })
    repository.git('reset', '--quiet', '--hard', 'HEAD~')
    repository.commit('right')
    repository.commit('right too')
    await poll()
    expect(await comments()).toEqual(['wrong', 'right', 'right too'])
  })

  test('of a rewritten branch whose former head is nowhere: the newest', async () => {
    repository.commit('base')
    const { poll } = await aPoller()
    await poll()
    repository.commit('wrong')
    await poll()
    rmSync(folder, { recursive: true })
    repository.git('reset', '--quiet', '--hard', 'HEAD~')
    repository.git('reflog', 'expire', '--expire=now', '--all')
    repository.git('gc', '--quiet', '--prune=now')
    repository.commit('right')
    repository.commit('right too')
    await poll()
    expect(await comments()).toEqual(['wrong', 'right too'])
    expect(lines).toContainEqual(expect.objectContaining({ msg: expect.stringContaining('rewritten') }))
  })

  test('of a branch watched from now on: only those that follow', async () => {
    repository.commit('base')
    repository.git('branch', 'old')
    const poller = await aPoller({ branches: ['main'] })
    await poller.poll()
    repository.git('switch', '--quiet', 'old')
    repository.commit('long ago')
    await poller.reconfigure({ branches: ['main', 'old'] })
    await poller.poll()
    repository.commit('now')
    await poller.poll()
    expect(await comments()).toEqual(['now'])
  })

  test('a thousand at a time, none left out', async () => {
    repository.commit('base')
    const { poll } = await aPoller()
    await poll()
    const count = 1_203
    const stream = Array.from({ length: count }, (_, n) => `commit refs/heads/main\ncommitter C <c@x> ${1_700_000_000 + n} +0000\ndata <<E\nn${n}\nE\n${n === 0 ? 'from refs/heads/main^0\n' : ''}M 644 inline f${n % 7}\ndata <<E\n${n}\nE\n`)
    execFileSync('git', ['fast-import', '--quiet'], { cwd: repository.path, input: stream.join('') })
    await poll()
    expect(await comments()).toHaveLength(1_000)
    await poll()
    expect(await comments()).toEqual(Array.from({ length: count }, (_, n) => `n${n}`))
  })
})

describe('a poll that goes wrong', () => {
  /** Git that fails at the nth call from now, as if the process had been killed there. */
  function mortal() {
    let lives = Infinity
    const through: Git = call => {
      if (lives-- <= 0) return Promise.reject(new Error('killed'))
      return git(call)
    }
    return { through, dieAfter: (calls: number) => { lives = calls } }
  }

  test('anywhere leaves nothing out and nothing double', async () => {
    repository.commit('base')
    const { through, dieAfter } = mortal()
    const { poll, restart } = await aPoller({}, { through })
    await poll()
    const made: string[] = []
    for (let calls = 0; ; calls += 1) {
      made.push(`c${calls}`)
      repository.commit(`c${calls}`)
      dieAfter(calls)
      const survived = await poll().then(() => true, () => false)
      restart()
      if (survived) break
    }
    expect(made.length).toBeGreaterThan(6)
    expect(await comments()).toEqual(made)
  })

  test('because the mirror is broken or another fetch was killed is repaired', async () => {
    repository.commit('base')
    const { poll } = await aPoller()
    await poll()
    const mirror = join(folder, readdirSync(folder)[0]!)
    writeFileSync(join(mirror, 'HEAD'), '')
    repository.commit('one')
    await poll()
    expect(await comments()).toEqual(['one'])
    repository.commit('two')
    const ref = execFileSync('git', ['for-each-ref', '--format=%(refname)'], { cwd: mirror, encoding: 'utf8' }).trim()
    const lock = join(mirror, `${ref}.lock`)
    writeFileSync(lock, '')
    await poll()
    expect(await comments()).toEqual(['one'])
    expect(lines.at(-1)).toMatchObject({ level: 'warn', msg: expect.stringContaining('cannot be polled') })
    execFileSync('touch', ['-d', '1 hour ago', lock])
    const later = await aPoller()
    await later.poll()
    expect(await comments()).toEqual(['one', 'two'])
  })

  test('is told once, retried ever more seldom, and told when it works again', async () => {
    const flaky = { broken: true }
    const through: Git = async call => {
      if (flaky.broken) throw new GitFailed('git ls-remote https://ann:secret@host/x', 'fatal: no route')
      return git(call)
    }
    const { poll, row } = await aPoller({}, { through })
    for (const pause of [2, 4, 8, 16, 32, 60, 60]) {
      await poll()
      expect(Math.round((await row()).due ?? 0)).toBe(pause)
    }
    expect(await row()).toMatchObject({ failures: 7, trouble: 'git ls-remote https://ann:***@host/x: fatal: no route' })
    expect(lines.filter(line => line['level'] === 'warn')).toHaveLength(1)
    expect(JSON.stringify(lines)).not.toContain('secret@')
    flaky.broken = false
    await poll()
    expect(await row()).toMatchObject({ failures: 0, trouble: null })
    expect(lines.at(-1)).toMatchObject({ msg: 'polling works again' })
  })
})

describe('git', () => {
  const call = { timeoutMs: 30_000, signal: new AbortController().signal }

  test('that cannot do it says why', async () => {
    await expect(git({ ...call, args: ['ls-remote', '--', join(folder, 'nowhere')] })).rejects.toThrow(/nowhere.*does not appear to be a git repository/s)
    await expect(createGit({ env: { PATH: folder }, clock })({ ...call, args: ['version'] })).rejects.toThrow(/git is not on PATH/)
  })

  test('that hangs is ended with its helpers', async () => {
    const env = { ...process.env, GIT_SSH_COMMAND: 'sleep 1000 #' }
    await expect(createGit({ env, clock })({ ...call, timeoutMs: 300, args: ['ls-remote', '--', 'ssh://host/x'] })).rejects.toThrow(/not done after 0.3 s/)
    const stop = new AbortController()
    const stopped = createGit({ env, clock })({ ...call, signal: stop.signal, args: ['ls-remote', '--', 'ssh://host/x'] })
    stop.abort()
    await expect(stopped).rejects.toThrow(/stopped/)
  })
})
