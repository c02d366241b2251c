import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Json } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createGit, type Git } from '../polls/run-git.js'
import { serveRepository } from '../testing/git-server.js'
import { pollerWorld, type PollerWorld } from '../testing/poller-world.js'

let world: PollerWorld
let commits = 0
beforeAll(async () => { world = await pollerWorld() })
afterAll(() => world?.close())
beforeEach(async () => {
  await world.db.pool.query('TRUNCATE changes CASCADE')
  world.repository.git('checkout', '--quiet', '-B', 'main')
  world.repository.commit(`before ${commits += 1}`)
})

const on = (branch: string, message: string, from = 'main') => {
  world.repository.git('checkout', '--quiet', '-B', branch, from)
  return world.repository.commit(message, { [`${message}.txt`]: message })
}
const found = async () => (await world.changes()).map(({ branch, comments }) => [branch, comments])

describe('what is watched', () => {
  test('by patterns, names and expressions', async () => {
    const { poll } = await world.aPoller({ name: 'patterns', branches: ['main'], branchPatterns: [{ source: '^release/[^/]*$', flags: 'u' }, { source: 'fix', flags: 'i' }] })
    await poll()
    for (const branch of ['main', 'release/1', 'release/2/x', 'hotFIX', 'other']) on(branch, `on ${branch}`)
    await poll()
    expect(await found()).toEqual([['main', 'on main'], ['hotFIX', 'on hotFIX'], ['release/1', 'on release/1']])
  })

  test('by a function, asked once for all refs; one that another function chooses as well is taken as it is', async () => {
    const asked: unknown[] = []
    const chooses = (pattern: RegExp) => ({ watched: (ref: unknown) => { asked.push(ref); return pattern.test(String(ref)) } })
    const { poll, reconfigure } = await world.aPoller({ name: 'function', branches: { $fn: 'watched' } }, { functions: chooses(/heads\/f-a/) })
    on('f-a0', 'a0 was there')
    on('f-b', 'b was there')
    await poll()
    expect(asked).toContain('refs/heads/f-b')
    on('f-a1', 'a is new')
    await poll()
    await reconfigure({}, chooses(/heads\/f-/))
    on('f-a2', 'a2 is new')
    await poll()
    on('f-b', 'b goes on', 'f-b')
    await poll()
    expect(await found()).toEqual([['f-a1', 'a is new'], ['f-a2', 'a2 is new'], ['f-b', 'b goes on']])
  })

  test('the default branch, if nothing is said', async () => {
    const { poll } = await world.aPoller({ name: 'default', branches: null })
    await poll()
    on('elsewhere', 'elsewhere')
    on('main', 'here')
    await poll()
    expect(await found()).toEqual([['main', 'here']])
  })

  test('tags alone, whether they are objects or not', async () => {
    const { poll } = await world.aPoller({ name: 'tags', onlyTags: true, branches: null })
    world.repository.git('tag', 'v0')
    await poll()
    const revision = on('main', 'to be tagged')
    await poll()
    expect(await found()).toEqual([])
    world.repository.git('tag', '-a', '-m', 'one', 'v1')
    await poll()
    expect(await world.changes()).toMatchObject([{ branch: 'refs/tags/v1', revision }])
  })
})

describe('what becomes a change', () => {
  test('a push without commits of its own too, if so said', async () => {
    const { poll } = await world.aPoller({ name: 'empty pushes', buildPushesWithNoCommits: true })
    const before = world.repository.git('rev-parse', 'HEAD')
    on('main', 'one')
    await poll()
    world.repository.git('branch', 'same')
    await poll()
    world.repository.git('branch', '--force', 'same', before)
    await poll()
    await poll()
    expect((await world.changes()).map(({ branch, revision }) => [branch, revision])).toEqual([['same', world.repository.git('rev-parse', 'main')], ['same', before]])
  })

  test('the heads that the first poll finds, if so said', async () => {
    const { poll } = await world.aPoller({ name: 'first', branches: ['main'], firstFetchLoadRefs: true, usetimestamps: false })
    await poll()
    await poll()
    const [change, ...others] = await world.changes()
    expect(others).toEqual([])
    expect(change?.when_at.getTime()).toBeGreaterThan(1_700_000_200_000)
  })

  test('what mapChange makes of it: none, one, several; and its category', async () => {
    const functions = {
      category: (change: unknown) => ((change as { files: string[] }).files.includes('docs.txt') ? 'docs' : null),
      map: async (change: unknown): Promise<Json> => {
        const { comments, files } = change as { comments: string; files: string[] }
        if (comments === 'docs') return null
        return comments === 'split' ? [{ project: 'a', files: ['a'] }, { project: 'b', properties: { n: files.length }, when: 1_700_000_000 }] : change as { [field: string]: string }
      },
    }
    const { poll } = await world.aPoller({ name: 'map', branches: ['main'], category: { $fn: 'category' }, mapChange: { $fn: 'map' } }, { functions })
    await poll()
    for (const message of ['docs', 'split', 'plain']) on('main', message)
    await poll()
    expect(await world.changes()).toMatchObject([
      { comments: 'split', project: 'a', files: ['a'] }, { comments: 'split', project: 'b', properties: { n: [1, 'Change'] }, when_at: new Date(1_700_000_000_000) }, { comments: 'plain', project: '' },
    ])
  })

  test('nothing, as long as mapChange fails: then all of it, once; what is many comes in pieces that are kept', async () => {
    let failing = true
    const functions = { map: (change: unknown) => {
      if (failing && (change as { comments: string }).comments === 'n55') throw new Error('the tracker is away')
      return change as { [field: string]: string }
    } }
    const { poll, row } = await world.aPoller({ name: 'failing map', branches: ['main'], mapChange: { $fn: 'map' } }, { functions })
    await poll()
    const revisions = Array.from({ length: 58 }, (_, n) => on('main', `n${n}`))
    await poll()
    expect(await found()).toHaveLength(50)
    await poll()
    expect(await found()).toHaveLength(50)
    expect((await row()).trouble).toBe(`map, asked about commit ${revisions[55]} of main: the tracker is away`)
    failing = false
    await poll()
    expect((await world.changes()).map(({ revision }) => revision)).toEqual(revisions)
    expect((await row()).trouble).toBeNull()
  })

  test('nothing, if mapChange answers with what is no change', async () => {
    const { poll, row } = await world.aPoller({ name: 'wrong map', branches: ['main'], mapChange: { $fn: 'map' } }, { functions: { map: () => ({ file: ['x'] }) } })
    await poll()
    on('main', 'one')
    await poll()
    expect((await row()).trouble).toMatch(/answered with the unknown field 'file'; a change has author, /)
    expect(await found()).toEqual([])
  })
})

describe('secrets', () => {
  const calls: string[][] = []
  const watched = (through: Git): Git => call => { calls.push(call.args); return through(call) }
  const clock = systemClock()

  test('a token goes to its own host alone, and is nowhere to be seen', async () => {
    await using server = await serveRepository(world.repository.path, { username: 'bot', password: 't0ken' })
    const through = watched(createGit({ env: process.env, clock }))
    const { poll, row } = await world.aPoller({ name: 'token', repository: server.url, branches: ['main'], username: 'bot', token: { $secret: 'git' } }, { through, secrets: { git: 't0ken' } })
    await poll()
    on('main', 'private')
    await poll()
    expect((await world.changes()).map(({ comments }) => comments)).toEqual(['private'])
    expect(server.refused()).toBeGreaterThan(0)
    const wrong = await world.aPoller({ name: 'wrong token', repository: server.url, branches: ['main'], username: 'bot', token: { $secret: 'git' } }, { through, secrets: { git: 'wr0ng' } })
    await wrong.poll()
    expect((await wrong.row()).trouble).toMatch(/Authentication failed|could not read/)
    expect(JSON.stringify([calls, world.lines, await row(), await wrong.row()])).not.toMatch(/t0ken|wr0ng/)
    const unset = await world.aPoller({ name: 'unset', repository: server.url, branches: ['main'], token: { $secret: 'git' } })
    await unset.poll()
    expect((await unset.row()).trouble).toBe("the secret 'git' is not set here: set it for the schedulers")
    await using elsewhere = await serveRepository(world.repository.path, { username: 'bot', password: 't0ken', redirectTo: server.url.replace('127.0.0.1', 'localhost') })
    const redirected = await world.aPoller({ name: 'redirected', repository: elsewhere.url, branches: ['main'], username: 'bot', token: { $secret: 'git' } }, { through, secrets: { git: 't0ken' } })
    await redirected.poll()
    expect((await redirected.row()).failures).toBe(1)
  })

  test('a key is in a file that only we can read, as long as it is needed', async () => {
    const seen = join(world.folder, 'seen')
    const bin = join(world.folder, 'bin')
    mkdirSync(bin)
    // Stands for ssh: says what it was given, and is the far end.
    writeFileSync(join(bin, 'ssh'), `#!/bin/sh
echo "$@" >> '${seen}'
while [ $# -gt 1 ]; do
  case "$1" in -i) stat -c %a "$2" >> '${seen}'; cat "$2" >> '${seen}'; shift;; UserKnownHostsFile=*) cat "\${1#*=}" >> '${seen}';; esac
  shift
done
exec sh -c "$1"
`)
    chmodSync(join(bin, 'ssh'), 0o755)
    const through = createGit({ env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` }, clock })
    const secrets = { key: 'PRIVATE' }
    const { poll, row } = await world.aPoller({ name: 'ssh', repository: `ssh://git@host${world.repository.path}`, branches: ['main'], sshPrivateKey: { $secret: 'key' }, sshHostKey: 'ssh-ed25519 AAAA' }, { through, secrets })
    await poll()
    expect(await row()).toMatchObject({ trouble: null, state: { heads: { main: world.repository.git('rev-parse', 'main') } } })
    expect(readFileSync(seen, 'utf8')).toMatch(/-o BatchMode=yes .*-o StrictHostKeyChecking=yes[^\n]*\n(.*\n)*600\nPRIVATE\n\* ssh-ed25519 AAAA\n/)
    expect(readdirSync(world.folder).filter(name => name.startsWith('.ssh'))).toEqual([])
    expect(existsSync(seen)).toBe(true)
  })
})
