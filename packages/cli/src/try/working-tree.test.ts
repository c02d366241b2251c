import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readWorkingTree } from './working-tree.js'

const identity = { GIT_AUTHOR_NAME: 'Ann', GIT_AUTHOR_EMAIL: 'ann@example.org', GIT_COMMITTER_NAME: 'Ann', GIT_COMMITTER_EMAIL: 'ann@example.org' }
const env = { ...process.env, ...identity }
let folder: string
let work: string
const git = (args: string[], cwd = work, input?: string): string => execFileSync('git', args, { cwd, encoding: 'utf8', env, ...(input === undefined ? {} : { input }) }).trim()
const put = (path: string, content: string | Buffer): void => {
  mkdirSync(join(work, path, '..'), { recursive: true })
  writeFileSync(join(work, path), content)
}
const read = (more: Partial<Parameters<typeof readWorkingTree>[0]> = {}) => readWorkingTree({ folder: work, env, untracked: false, ...more })

const latin1 = Buffer.from('caf\xe9\nsecond\n', 'latin1')
const binary = Buffer.from([0, 1, 2, 0xff, 0xfe, 10, 0])

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'yardmaster-try-'))
  work = join(folder, 'seed')
  mkdirSync(work)
  git(['init', '--quiet', '--initial-branch=main'])
  put('a.txt', 'one\ntwo\n')
  put('deep/er/b.txt', 'b\n'.repeat(20))
  put('old.txt', latin1)
  put('picture', binary)
  put('.gitignore', 'ignored\n')
  git(['add', '.'])
  git(['commit', '--quiet', '-m', 'first'])
  git(['clone', '--quiet', '--bare', work, join(folder, 'origin.git')])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let clones = 0
beforeEach(() => {
  work = join(folder, `work${++clones}`)
  execFileSync('git', ['clone', '--quiet', join(folder, 'origin.git'), work])
})

/** The files of a fresh clone with the patch applied, as the git step does it. */
function applied(diff: string, baserev: string): string {
  const fresh = join(folder, `fresh${clones}-${git(['rev-parse', '--short', 'HEAD'])}`)
  rmSync(fresh, { recursive: true, force: true })
  execFileSync('git', ['clone', '--quiet', join(folder, 'origin.git'), fresh])
  git(['checkout', '--quiet', baserev], fresh)
  git(['apply', '--index', '-p', '1'], fresh, diff)
  return fresh
}

test('what was staged, changed, renamed and committed here, from a subfolder; git and the index stay as they were', async () => {
  git(['config', 'diff.noprefix', 'true'])
  git(['config', 'color.ui', 'always'])
  git(['config', 'diff.relative', 'true'])
  const pushed = git(['rev-parse', 'HEAD'])
  put('committed.txt', 'mine\n')
  git(['add', 'committed.txt'])
  git(['commit', '--quiet', '-m', 'not pushed'])
  put('a.txt', 'one\nTWO\n')
  git(['add', 'a.txt'])
  put('a.txt', 'one\nTWO\nthree\n')
  renameSync(join(work, 'deep/er/b.txt'), join(work, 'moved.txt'))
  git(['add', '--all', 'deep', 'moved.txt'])
  put('picture', Buffer.concat([binary, binary]))
  put('unknown.txt', 'unknown\n')
  const status = git(['status', '--porcelain'])
  const found = await read({ folder: join(work, 'deep/..') })
  expect(found).toMatchObject({ baserev: pushed, branch: 'main' })
  expect(found.diff).toContain('rename to moved.txt')
  expect(found.diff).not.toContain('unknown.txt')
  const fresh = applied(found.diff, found.baserev)
  expect(readFileSync(join(fresh, 'a.txt'), 'utf8')).toBe('one\nTWO\nthree\n')
  expect(readFileSync(join(fresh, 'committed.txt'), 'utf8')).toBe('mine\n')
  expect(readFileSync(join(fresh, 'picture'))).toEqual(Buffer.concat([binary, binary]))
  expect(git(['status', '--porcelain'])).toBe(status)
})

test('with unknown files, but not ignored ones', async () => {
  put('unknown file.txt', 'here\n')
  put('ignored', 'not this\n')
  const status = git(['status', '--porcelain'])
  const found = await read({ untracked: true })
  expect(found.diff).not.toContain('not this')
  expect(readFileSync(join(applied(found.diff, found.baserev), 'unknown file.txt'), 'utf8')).toBe('here\n')
  expect(git(['status', '--porcelain'])).toBe(status)
})

test('text in another encoding keeps its bytes', async () => {
  const changed = Buffer.from('caf\xe9s\nsecond\n', 'latin1')
  put('old.txt', changed)
  put('a.txt', 'one\nélan\n')
  const found = await read()
  expect(found.diff).toContain('+élan')
  expect(readFileSync(join(applied(found.diff, found.baserev), 'old.txt'))).toEqual(changed)
})

test('what it is based on can be said, and is told where it is not known', async () => {
  git(['checkout', '--quiet', '-b', 'topic'])
  put('a.txt', 'mine\n')
  expect(await read()).toMatchObject({ branch: 'main' })
  expect(await read({ branch: 'main' })).toMatchObject({ branch: 'main' })
  expect(await read({ baserev: 'HEAD', branch: 'elsewhere' })).toMatchObject({ branch: 'elsewhere', baserev: git(['rev-parse', 'HEAD']) })
  await expect(read({ branch: 'nowhere' })).rejects.toThrow(/no remote repository is known to have a branch "nowhere"/)
  await expect(read({ baserev: 'nope' })).rejects.toThrow(/no commit "nope"/)
  git(['remote', 'remove', 'origin'])
  await expect(read()).rejects.toThrow(/not known what your work is based on.*--baserev/)
  await expect(read({ folder })).rejects.toThrow(/in no git working tree/)
})
