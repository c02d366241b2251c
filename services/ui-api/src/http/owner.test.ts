import { codebaseParameter, wwwDefaults } from '@yardmaster/domain'
import { changedUserFile, hashPassword, replaceUserFile } from '@yardmaster/runtime/passwords'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aBuilder, aConfiguration } from '../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../testing/api.js'
import { browserLike } from '../testing/browser-like.js'

const folder = mkdtempSync(join(tmpdir(), 'yard-owner-'))
const file = join(folder, 'users')
let api: TestApi
beforeAll(async () => {
  await replaceUserFile(file, changedUserFile('', 'ann', hashPassword('pw')) ?? '', 'x')
  api = await startApi(aConfiguration({
    builders: [aBuilder('b1', { collapseRequests: false }), aBuilder('b2')], www: { ...wwwDefaults, auth: { kind: 'userFile', file } },
    schedulers: [{ kind: 'force', name: 'force', builders: ['b2', 'b1'], properties: {}, priority: 0, reason: 'by %(owner)s', label: 'Force', buttonName: 'Go', codebases: [codebaseParameter('', {})], parameters: [] }],
  }))
})
afterAll(async () => {
  await api?.close()
  rmSync(folder, { recursive: true })
})

it('a build belongs to who signed in, whatever the call says', async () => {
  const browser = browserLike()
  const headers = { 'content-type': 'application/json', accept: 'application/json' }
  await browser.go(`${api.url}/auth/login`, { method: 'POST', headers, body: JSON.stringify({ username: 'ann', password: 'pw' }) })
  const force = async (params: object) => {
    const { status, text } = await browser.go(`${api.url}/api/v2/forceschedulers/force`, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', method: 'force', id: 'x', params }) })
    expect(status, text).toBe(200)
    const { result } = JSON.parse(text) as { result: [number, { [builder: string]: number }] }
    return { buildset: result[0], builders: Object.keys(result[1]) }
  }
  const { buildset } = await force({ builderNames: ['b1'], owner: 'mallory', username: 'Mallory <mallory@example.org>' })
  expect(await api.rows(`buildsets/${buildset}`)).toMatchObject([{ reason: 'by ann' }])
  expect(await api.rows(`buildsets/${buildset}/properties`)).toMatchObject([{ owner: ['ann', 'Force Build Form'] }])
  expect((await force({ builderNames: ['b2', 'of another scheduler', 'b1'] })).builders).toHaveLength(2)
})
