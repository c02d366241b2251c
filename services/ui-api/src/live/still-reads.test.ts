import { anonymous, wwwDefaults, type Caller } from '@yardmaster/domain'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { aConfiguration } from '../../../../test/kit/installation.js'
import { setCaller } from '../access/caller-of.js'
import { Unauthorized } from '../access/callers.js'
import { rulesAccess } from '../access/rules-access.js'
import type { ActiveGeneration, Deps } from '../deps.js'
import { stillReads } from './still-reads.js'

const person: Caller = { ...anonymous, kind: 'user', actor: 'user:ann', username: 'ann' }

function ask(reading: 'open' | 'closed', find: () => Promise<Caller>): Promise<boolean> {
  const configuration = { ...aConfiguration(), www: { ...wwwDefaults, reading, auth: { kind: 'userFile' as const, file: 'users' } } }
  const activeGeneration = () => ({ id: 1, configuration }) as unknown as ActiveGeneration
  const request = new IncomingMessage(new Socket())
  request.url = '/sse/listen/builds/*/*'
  setCaller(request, person, find)
  const deps = { activeGeneration, activeGenerations: () => [], db: null as unknown as Deps['db'] }
  return stillReads(request, { access: rulesAccess(deps), settings: { baseUrl: 'http://localhost/' } as Deps['settings'], activeGeneration })
}

it('looks nobody up while everybody may read', async () => {
  let asked = 0
  expect(await ask('open', () => { asked += 1; return Promise.resolve(person) })).toBe(true)
  expect(asked).toBe(0)
})

it('of what is closed, only who may by now', async () => {
  expect(await ask('closed', () => Promise.resolve(person))).toBe(true)
  expect(await ask('closed', () => Promise.resolve(anonymous))).toBe(false)
  expect(await ask('closed', () => Promise.reject(new Unauthorized('revoked')))).toBe(false)
  expect(await ask('closed', () => Promise.reject(new Error('the database is away')))).toBe(true)
})
