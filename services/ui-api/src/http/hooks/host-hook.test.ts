import { hostHookDefaults, noChangeHooks, type HostHookConfig } from '@yardmaster/domain'
import { githubComment, githubPull, hookMessages, pushMessage, type HookMessage } from '@yardmaster/integrations/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aConfiguration } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'

const secret = 'of the webhook'
const strict: HostHookConfig = { ...hostHookDefaults, secret, strict: true }
const configuration = aConfiguration({ changeHooks: {
  ...noChangeHooks, github: { ...strict, token: 'a token', on: { issue_comment: { $fn: 'x' } } }, gitlab: strict, gitea: strict, bitbucketCloud: strict, bitbucketServer: { ...hostHookDefaults, codebase: { $fn: 'y' } },
} })

let api: TestApi
beforeAll(async () => { api = await startApi(configuration) })
afterAll(() => api?.close())

async function send({ path, headers, body }: HookMessage, method = 'POST') {
  const response = await fetch(`${api.url}/change_hook/${path}`, { method, headers, ...(method === 'POST' && { body }) })
  return { status: response.status, text: await response.text(), allow: response.headers.get('allow') }
}
const of = async (key: string) => (await api.db.pool.query('SELECT state, event, repository, note, set_name, hashed FROM deliveries WHERE key LIKE $1 ORDER BY id', [key])).rows

describe('each host', () => {
  it.each(['github', 'gitlab', 'gitea', 'forgejo', 'bitbucketcloud'] as const)('%s: accepted, accepted before, refused', async host => {
    const message = pushMessage(host, { revision: `of-${host}`, delivery: `d-${host}`, secret })
    expect(await send(message)).toMatchObject({ status: 202, text: '1 change found' })
    expect(await send(message)).toMatchObject({ status: 200, text: 'this delivery was accepted before' })
    expect(await send(pushMessage(host, { revision: 'no', delivery: `w-${host}`, secret: 'another' }))).toMatchObject({ status: 401 })
    expect(await of(`_-${host}`)).toEqual([{ state: 'done', event: expect.stringContaining('push'), repository: 'o/hello', note: '1 change found', set_name: 'main', hashed: false }])
  })

  it('is called by POST, and by its name', async () => {
    const message = pushMessage('github', { revision: 'x', delivery: 'x', secret })
    expect(await send(message, 'GET')).toMatchObject({ status: 405, allow: 'POST' })
    expect(await send({ ...message, path: 'gutlab' })).toMatchObject({ status: 404, text: expect.stringContaining('the configuration has github, gitlab, gitea, bitbucketcloud, bitbucketserver') })
    expect(await send({ ...message, path: 'base' })).toMatchObject({ status: 404, text: expect.stringContaining("wasn't whitelisted") })
  })

  it('says where a payload is of another form', async () => {
    expect(await send(hookMessages.gitea({ event: 'push', delivery: 'bad', secret, payload: { ref: 'refs/heads/main', commits: [{ id: 1 }] } }))).toMatchObject({ status: 400, text: expect.stringMatching(/commits\.0\.id/) })
    expect(await of('bad')).toEqual([])
  })
})

describe('of several sets', () => {
  it('each knows its own secret, and one that wants none opens no door', async () => {
    const { rows: [other] } = await api.db.pool.query<{ id: number }>(`WITH s AS (INSERT INTO configuration_sets (name) VALUES ('other') RETURNING name)
      INSERT INTO generations (set_name, digest, code, configuration) SELECT name, 'other', '', '{}' FROM s RETURNING id`)
    const withHook = (id: number, github: HostHookConfig) => ({ id, configuration: aConfiguration({ changeHooks: { ...noChangeHooks, github } }) })
    const [own, theirs, open] = [withHook(api.generationId, strict), withHook(other!.id, { ...strict, secret: 'theirs' }), withHook(other!.id, hostHookDefaults)]
    const signed = (by: string, delivery: string) => send(pushMessage('github', { revision: delivery, delivery, secret: by }))
    api.setGeneration(own, theirs)
    expect([await signed(secret, 'own 1'), await signed('theirs', 'theirs 1'), await signed('nobody\'s', 'no 1')].map(({ status }) => status)).toEqual([202, 202, 401])
    expect([...await of('own 1'), ...await of('theirs 1')].map(({ set_name }) => set_name)).toEqual(['main', 'other'])
    api.setGeneration(open, own)
    expect((await signed('nobody\'s', 'no 2')).status).toBe(401)
    api.setGeneration({ id: api.generationId, configuration })
  })
})

describe('what has to be asked outside', () => {
  it('is accepted at once, and stays to be worked on', async () => {
    expect(await send(hookMessages.github({ event: 'pull_request', delivery: 'pull', secret, payload: githubPull({ number: 1, sha: 'h' }) }))).toMatchObject({ status: 202, text: 'it is worked on after this answer' })
    expect(await send(hookMessages.github({ event: 'issue_comment', delivery: 'comment', secret, payload: githubComment({ number: 1, text: 'x', sender: 'ann' }) }))).toMatchObject({ status: 202 })
    expect(await send(pushMessage('bitbucketserver', { revision: 'x', delivery: 'codebase', secret: '' }))).toMatchObject({ status: 202 })
    for (const key of ['pull', 'comment', 'codebase']) expect(await of(key)).toMatchObject([{ state: 'pending', set_name: 'main' }])
    expect(await send(hookMessages.github({ event: 'pull_request', delivery: 'closed', secret, payload: githubPull({ number: 1, sha: 'h', action: 'closed' }) }))).toMatchObject({ status: 200, text: expect.stringContaining('closed is not built') })
    expect(await of('closed')).toMatchObject([{ state: 'done' }])
  })
})

describe('without an id of the host', () => {
  it('the same content is the same message for ten minutes of the database\'s clock', async () => {
    const { 'x-github-delivery': _id, ...headers } = pushMessage('github', { revision: 'hashed', delivery: '', secret }).headers
    const message = { ...pushMessage('github', { revision: 'hashed', delivery: '', secret }), headers }
    expect((await Promise.all([send(message), send(message)])).map(({ status }) => status).sort()).toEqual([200, 202])
    await api.db.pool.query(`UPDATE deliveries SET received_at = now() - interval '9 minutes' WHERE hashed`)
    expect(await send(message)).toMatchObject({ status: 200 })
    await api.db.pool.query(`UPDATE deliveries SET received_at = now() - interval '11 minutes' WHERE hashed`)
    expect((await Promise.all([send(message), send(message), send(message)])).map(({ status }) => status).sort()).toEqual([200, 200, 202])
    expect((await api.rows('changes?order=-changeid')).filter(({ revision }) => revision === 'hashed')).toHaveLength(2)
  })
})

describe('/api/yard/v1/deliveries', () => {
  const ask = (path: string, init: RequestInit = {}) => fetch(`${api.url}/api/yard/v1/deliveries${path}`, { headers: { accept: 'application/json', 'content-type': 'application/json' }, ...init })
  const body = async (path: string) => (await (await ask(path)).json()) as { deliveries: { id: number; hook: string; key: string; changes: number[]; payload?: unknown }[]; next: number | null }

  it('lists what was told, the newest first, by hook and state, page by page', async () => {
    await send(pushMessage('gitlab', { revision: 'listed', delivery: 'listed', secret }))
    const { deliveries: [newest] } = await body('?hook=gitlab&state=done,failed&limit=1')
    expect(newest).toMatchObject({ hook: 'gitlab', key: 'listed', event: 'push', repository: 'o/hello', state: 'done', attempts: 0, nextAt: null, error: null, set: 'main', changes: [expect.any(Number)] })
    expect((await body('?state=pending')).deliveries.every(({ changes }) => changes.length === 0)).toBe(true)
    const first = await body('?limit=2')
    expect(first.next).toBe(first.deliveries.at(-1)!.id)
    expect((await body(`?limit=2&before=${first.next}`)).deliveries[0]!.id).toBeLessThan(first.next!)
    expect((await ask('?state=gone')).status).toBe(400)
  })

  it('tells one with what was sent, and has it worked on again', async () => {
    const { deliveries: [newest] } = await body('?hook=gitlab&limit=1')
    const details = await (await ask(`/${newest!.id}`)).json() as { delivery: { payload: object } }
    expect(details.delivery.payload).toMatchObject({ object_kind: 'push', after: 'listed' })
    expect(JSON.stringify(details)).not.toContain(secret)
    const again = await ask(`/${newest!.id}/redeliver`, { method: 'POST', body: '{}' })
    expect(await again.json()).toMatchObject({ delivery: { state: 'pending', attempts: 0, note: 'redelivered by user:anonymous' } })
    expect((await ask(`/${newest!.id}/redeliver`, { method: 'POST', body: '{}' })).status).toBe(409)
    const { rows } = await api.db.pool.query(`SELECT action, thing_id FROM control_actions WHERE thing = 'deliveries'`)
    expect(rows).toEqual([{ action: 'redeliver', thing_id: newest!.id }])
    expect((await ask('/999999')).status).toBe(404)
  })
})
