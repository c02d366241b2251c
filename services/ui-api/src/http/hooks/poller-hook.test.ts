import { noChangeHooks, type PollerHookConfig } from '@yardmaster/domain'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aConfiguration, aGitPoller } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'

const configurationWith = (poller: PollerHookConfig | null) => aConfiguration({
  changeSources: [aGitPoller('/a', { name: 'a' }), aGitPoller('/b', { name: 'b' })], changeHooks: { ...noChangeHooks, base: { secret: null }, poller },
})

let api: TestApi
beforeAll(async () => { api = await startApi(configurationWith({ secret: null, allowed: null })) })
afterAll(() => api?.close())

async function knock(query = '', init: RequestInit = {}) {
  await api.db.pool.query('UPDATE change_sources SET asked = false')
  const response = await fetch(`${api.url}/change_hook/poller${query}`, { method: 'POST', ...init })
  const { rows } = await api.db.pool.query<{ name: string }>('SELECT name FROM change_sources WHERE asked ORDER BY name')
  return { status: response.status, text: await response.text(), asked: rows.map(row => row.name) }
}

it('has the pollers that are named, or all of them, look now', async () => {
  expect(await knock()).toMatchObject({ status: 200, text: '2 pollers asked', asked: ['a', 'b'] })
  expect(await knock('?poller=b')).toMatchObject({ status: 200, asked: ['b'] })
  expect(await knock('?poller=a&poller=b')).toMatchObject({ status: 200, asked: ['a', 'b'] })
  expect(await knock('', { body: new URLSearchParams({ poller: 'a' }) })).toMatchObject({ status: 200, asked: ['a'] })
  const parts = new FormData()
  parts.set('poller', 'b')
  expect(await knock('', { body: parts })).toMatchObject({ status: 200, asked: ['b'] })
  expect(await knock('?poller=a', { body: JSON.stringify({ ref: 'refs/heads/main' }), headers: { 'content-type': 'application/json' } })).toMatchObject({ status: 200, asked: ['a'] })
  expect(await knock('?poller=c')).toMatchObject({ status: 400, text: 'Could not find pollers: c; there are a, b', asked: [] })
})

it('only those that are allowed, and only who knows the secret', async () => {
  api.setGeneration({ id: api.generationId, configuration: configurationWith({ secret: 's', allowed: ['b'] }) })
  expect(await knock()).toMatchObject({ status: 401, asked: [] })
  const headers = { authorization: 'Bearer s' }
  expect(await knock('', { headers })).toMatchObject({ status: 200, asked: ['b'] })
  expect(await knock('?poller=a', { headers })).toMatchObject({ status: 400, text: 'Could not find pollers: a; there are b', asked: [] })
})

it('a wrong message of the base hook is told whole', async () => {
  const response = await fetch(`${api.url}/change_hook/base`, { method: 'POST', body: new URLSearchParams({ when: 'soon', files: '"x"', properties: '[' }) })
  expect(response.status).toBe(400)
  expect(await response.text()).toMatch(/^when: expected epoch seconds, found 'soon'; files: expected JSON.*; properties: expected JSON/)
})
