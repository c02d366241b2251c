import { changedUserFile, costOf, nobodysHash, parseUserFile } from '@yardmaster/runtime/passwords'
import { createLogger } from '@yardmaster/runtime'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openPasswordUsers } from './password-users.js'

const folder = mkdtempSync(join(tmpdir(), 'yard-users-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('a wrong password takes as long for a name with a cheap hash, a dear one, and none', async () => {
  const file = join(folder, 'users')
  writeFileSync(file, `cheap:${nobodysHash(5)}\nusual:${nobodysHash(9)}\ndear:${nobodysHash(12)}\n`)
  let work = 0
  const users = openPasswordUsers({ secrets: { get: () => undefined }, logger: createLogger({ name: 'test', level: 'silent' }), settings: { baseUrl: 'http://127.0.0.1/', config: 'yard.config.ts', trustedProxies: [], dbConnections: 1 } }, {
    verify: (_password, hash) => {
      work += 2 ** (costOf(hash) ?? 0)
      return Promise.resolve(false)
    },
    close: () => Promise.resolve(),
  })
  for (const username of ['cheap', 'usual', 'dear', 'nobody']) {
    work = 0
    expect(await users.check({ kind: 'userFile', file }, { username, password: 'x' })).toBeNull()
    expect([username, work]).toEqual([username, 2 ** 12])
  }
})

it('who stands twice in the user file is let in by the first line, and by none when he is removed', () => {
  const [first, second, third] = [nobodysHash(4), nobodysHash(5), nobodysHash(6)]
  const text = `ann:${first}\nbob:${first}\nann:${second}\n`
  expect(parseUserFile(text).users.get('ann')).toBe(first)
  expect(changedUserFile(text, 'ann', third)).toBe(`ann:${third}\nbob:${first}\n`)
  expect(changedUserFile(text, 'ann', null)).toBe(`bob:${first}\n`)
  expect(changedUserFile(text, 'carl', third)).toBe(`${text}carl:${third}\n`)
})
