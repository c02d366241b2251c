import { createHmac } from 'node:crypto'
import { hostHookDefaults, noChangeHooks } from '@yardmaster/domain'
import { transaction } from '@yardmaster/db'
import type { NewChange } from '@yardmaster/db/verbs/add-change'
import { insertChanges, type ChangeOfDelivery } from '@yardmaster/db/verbs/insert-changes'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aConfiguration } from '../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../testing/api.js'

const secret = 'it is a secret'
const configuration = aConfiguration({ changeHooks: { ...noChangeHooks, base: { secret: null }, github: { ...hostHookDefaults, secret: { $secret: 'github' }, strict: true, codebase: 'hello' } } })

let api: TestApi
beforeAll(async () => { api = await startApi(configuration) })
afterAll(() => api?.close())
beforeEach(() => {
  api.secrets.set('github', secret)
  api.setGeneration({ id: api.generationId, configuration })
})

const changes = () => api.rows('changes?order=-changeid')
const sign = (body: string, key = secret) => `sha256=${createHmac('sha256', key).update(body).digest('hex')}`

async function post(path: string, body: string | Buffer, headers: { [name: string]: string }) {
  const response = await fetch(`${api.url}/change_hook/${path}`, { method: 'POST', headers, body })
  return { status: response.status, text: await response.text() }
}

const commit = (id: string, more: object = {}) => ({
  id, message: `Commit ${id}`, timestamp: '2026-11-22T12:00:00+01:00', url: `https://github.com/o/hello/commit/${id}`, distinct: true,
  author: { name: 'Ann', email: 'ann@example.org' }, committer: { name: 'Bob', email: 'bob@example.org' }, added: ['new.c'], modified: ['old.c'], removed: [], ...more,
})
const pushOf = (more: object = {}) => ({
  ref: 'refs/heads/main', created: false, deleted: false, head_commit: commit('c2'), commits: [commit('c1'), commit('c2')],
  repository: { name: 'hello', full_name: 'o/hello', html_url: 'https://github.com/o/hello' }, ...more,
})
let deliveries = 0
function github(payload: unknown, headers: { [name: string]: string } = {}) {
  const body = JSON.stringify(payload)
  return post('github', body, {
    'content-type': 'application/json', 'x-github-event': 'push', 'x-github-delivery': `delivery-${deliveries++}`, 'x-hub-signature-256': sign(body), ...headers,
  })
}

describe('github', () => {
  it('a push is a change per commit, in order', async () => {
    const before = (await changes()).length
    expect(await github(pushOf())).toEqual({ status: 202, text: '2 change found' })
    const [second, first] = await changes()
    expect((await changes()).length).toBe(before + 2)
    expect(first!.revision).toBe('c1')
    expect(second).toMatchObject({
      revision: 'c2', author: 'Ann <ann@example.org>', committer: 'Bob <bob@example.org>', branch: 'main', repository: 'https://github.com/o/hello', project: 'o/hello',
      codebase: 'hello', category: null, comments: 'Commit c2', files: ['new.c', 'old.c'], revlink: 'https://github.com/o/hello/commit/c2',
      when_timestamp: Date.UTC(2026, 10, 22, 11) / 1000, properties: { github_distinct: [true, 'Change'], event: ['push', 'Change'] },
    })
  })

  it('the same delivery again, also at the same moment, makes no second change', async () => {
    const before = (await changes()).length
    const again = { 'x-github-delivery': 'twice' }
    const answers = await Promise.all([github(pushOf(), again), github(pushOf(), again), github(pushOf(), again)])
    expect(answers.map(answer => answer.status).sort((a, b) => a - b)).toEqual([200, 200, 202])
    expect(await github(pushOf(), again)).toEqual({ status: 200, text: 'this delivery was accepted before' })
    expect((await changes()).length).toBe(before + 2)
  })

  it('a new branch and a tag are their head; what is deleted or asks to be skipped is nothing', async () => {
    expect((await github(pushOf({ created: true, ref: 'refs/heads/new/one' }))).text).toBe('1 change found')
    expect((await changes())[0]).toMatchObject({ branch: 'new/one', revision: 'c2' })
    expect((await github(pushOf({ ref: 'refs/tags/v1', commits: [] }))).text).toBe('1 change found')
    expect((await changes())[0]).toMatchObject({ branch: 'v1', category: 'tag' })
    expect(await github(pushOf({ deleted: true, head_commit: null, commits: [] }))).toMatchObject({ status: 200, text: expect.stringContaining('deleted') })
    expect(await github(pushOf({ head_commit: commit('c2', { message: 'docs [skip ci]' }) }))).toMatchObject({ status: 200, text: expect.stringContaining('skip') })
    expect(await github(pushOf({ ref: 'refs/notes/x' }))).toMatchObject({ status: 200 })
  })

  it('a pull request is one change of its merge', async () => {
    const pull = (action: string) => ({
      action, number: 7, sender: { login: 'ann' }, repository: { full_name: 'o/hello', html_url: 'https://github.com/o/hello' },
      pull_request: { title: 'Better', body: null, commits: 1, created_at: '2026-11-22T12:00:00Z', html_url: 'https://github.com/o/hello/pull/7', head: { sha: 'h1' }, base: { ref: 'main', repo: { full_name: 'o/hello' } } },
    })
    const event = { 'x-github-event': 'pull_request' }
    expect(await github(pull('opened'), event)).toEqual({ status: 202, text: '1 change found' })
    expect((await changes())[0]).toMatchObject({ branch: 'refs/pull/7/merge', revision: 'h1', category: 'pull', author: 'ann', properties: { basename: ['main', 'Change'] } })
    expect(await github(pull('labeled'), event)).toMatchObject({ status: 200 })
  })

  it('a form, as GitHub sends it by default, is signed as a whole', async () => {
    const body = `payload=${encodeURIComponent(JSON.stringify(pushOf()))}`
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-github-event': 'push', 'x-github-delivery': 'form' }
    expect(await post('github', body, { ...headers, 'x-hub-signature-256': sign(body) })).toMatchObject({ status: 202 })
    expect(await post('github', body, { ...headers, 'x-hub-signature-256': sign(JSON.stringify(pushOf())) })).toMatchObject({ status: 401 })
  })

  it('ping and unknown events are answered, and make nothing', async () => {
    expect(await github({ zen: 'x' }, { 'x-github-event': 'ping' })).toEqual({ status: 200, text: 'pong' })
    expect(await github({}, { 'x-github-event': 'star' })).toMatchObject({ status: 200, text: expect.stringContaining("'star'") })
  })

  it.each([
    ['a wrong signature', () => github(pushOf(), { 'x-hub-signature-256': sign('x') }), 401],
    ['a signature with another secret', () => github(pushOf(), { 'x-hub-signature-256': sign(JSON.stringify(pushOf()), 'no') }), 401],
    ['a signature of another form', () => github(pushOf(), { 'x-hub-signature-256': 'sha256=00' }), 401],
    ['no signature', () => post('github', '{}', { 'content-type': 'application/json', 'x-github-event': 'push' }), 401],
    ['what is not JSON', () => post('github', '{', { 'content-type': 'application/json', 'x-github-event': 'push', 'x-hub-signature-256': sign('{') }), 400],
    ['another payload', () => github({ ref: 'refs/heads/main' }), 400],
    ['another type', () => github(pushOf(), { 'content-type': 'text/plain' }), 400],
    ['a hook that does not exist', () => post('gitlab', '{}', {}), 404],
  ])('%s is refused', async (_what, send, status) => {
    const before = (await changes()).length
    const answer = await send()
    expect(answer.status).toBe(status)
    expect(answer.text.length).toBeGreaterThan(10)
    expect((await changes()).length).toBe(before)
  })

  it('is to be sent again while nothing is configured, or the secret is not set', async () => {
    api.setGeneration(null)
    expect((await github(pushOf())).status).toBe(503)
    api.setGeneration({ id: api.generationId, configuration })
    api.secrets.delete('github')
    expect((await github(pushOf())).status).toBe(503)
    api.setGeneration({ id: api.generationId, configuration: aConfiguration() })
    expect(await github(pushOf())).toMatchObject({ status: 404, text: expect.stringContaining("wasn't whitelisted") })
  })

  it('more than GitHub sends is too large', async () => {
    expect((await post('github', Buffer.alloc(26 * 1024 * 1024, 32), { 'content-type': 'application/json' })).status).toBe(413)
  })

  it('without strict, what is not signed is taken; what is signed must be signed rightly', async () => {
    api.setGeneration({ id: api.generationId, configuration: aConfiguration({ changeHooks: { ...noChangeHooks, github: { ...hostHookDefaults, secret, strict: false } } }) })
    const body = JSON.stringify(pushOf())
    const headers = { 'content-type': 'application/json', 'x-github-event': 'push' }
    expect((await post('github', body, { ...headers, 'x-github-delivery': 'unsigned' })).status).toBe(202)
    expect((await post('github', body, { ...headers, 'x-hub-signature-256': sign('x') })).status).toBe(401)
  })
})

describe('base', () => {
  const form = (fields: { [name: string]: string }, headers = {}) =>
    post('base', new URLSearchParams(fields).toString(), { 'content-type': 'application/x-www-form-urlencoded', ...headers })

  it("takes Buildbot's fields from a form", async () => {
    expect(await form({
      who: 'Ann', comments: 'hello', revision: 'r1', branch: 'main', files: '["a.c","b.c"]', properties: '{"n":1}', when_timestamp: '1790000000.5',
      repository: 'https://git.example.org/x.git', project: 'p', codebase: 'c', category: 'k', revlink: 'https://x',
    })).toEqual({ status: 202, text: '1 change found' })
    expect((await changes())[0]).toMatchObject({
      author: 'Ann', comments: 'hello', revision: 'r1', branch: 'main', files: ['a.c', 'b.c'], properties: { n: [1, 'Change'] }, when_timestamp: 1_790_000_000,
      repository: 'https://git.example.org/x.git', project: 'p', codebase: 'c', category: 'k', revlink: 'https://x',
    })
  })

  it('takes them as JSON, and NUL bytes do no harm', async () => {
    const body = JSON.stringify({ author: 'Bob\0', comments: 'x', files: ['d.c'], properties: { a: ['\0'] } })
    expect(await post('base', body, { 'content-type': 'application/json' })).toMatchObject({ status: 202 })
    expect((await changes())[0]).toMatchObject({ author: 'Bob\ufffd', files: ['d.c'], revision: null, branch: null })
  })

  it('takes them from a form in parts, as curl -F sends it, and without an author', async () => {
    const parts = () => {
      const body = new FormData()
      for (const [name, value] of [['revision', 'r-parts'], ['branch', 'größer'], ['author', ''], ['files', '["e.c"]']] as const) body.set(name, value)
      body.set('comments', new Blob(['from a file']), 'message.txt')
      return fetch(`${api.url}/change_hook/base`, { method: 'POST', body })
    }
    expect((await parts()).status).toBe(202)
    expect((await changes())[0]).toMatchObject({ author: '', revision: 'r-parts', branch: 'größer', files: ['e.c'], comments: 'from a file' })
    // Its boundary is another each time.
    expect((await parts()).status).toBe(200)
    expect(await post('base', 'junk', { 'content-type': 'multipart/form-data; boundary=x' })).toMatchObject({ status: 400, text: expect.stringContaining('the form cannot be read') })
  })

  it('a change has the one before it of its place as its parent, also of those that come together', async () => {
    const place = { repository: 'https://git.example.org/parents.git', project: 'p', codebase: 'c' }
    const change = (revision: string, more: Partial<NewChange> = {}): ChangeOfDelivery =>
      ({ deliveryId: null, change: { ...place, author: 'A', comments: '', branch: 'main', revision, files: [], properties: {}, whenAt: new Date(0), ...more } })
    const insert = (...given: ChangeOfDelivery[]) => transaction(api.db, null, tx => insertChanges(tx, given))
    const parents = async (ids: readonly number[]) => Promise.all(ids.map(async id => (await api.rows(`changes/${id}`))[0]!.parent_changeids))
    const first = await insert(change('1'), change('2'), change('3', { branch: null }), change('4'), change('5', { codebase: 'other' }))
    expect(await parents(first)).toEqual([[], [first[0]], [], [first[1]], []])
    const later = await insert(change('6', { branch: null }), change('7', { project: '' }), change('8'), change('9', { branch: 'dev' }), change('10'))
    expect(await parents(later)).toEqual([[first[2]], [], [first[3]], [], [later[2]]])
  })

  it.each([
    ['application/x-www-form-urlencoded', 'a=&'.repeat(1_500)], ['text/plain', 'a=&'.repeat(1_500)],
    ['multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'.repeat(1_500)],
  ])('does not read a form of very many fields (%s)', async (type, body) => {
    expect(await post('base', body, { 'content-type': type })).toEqual({ status: 413, text: 'the form has more than 1000 fields' })
  })

  it('the same revision in the same words is the same message; without a revision each is new', async () => {
    const before = (await changes()).length
    expect((await form({ author: 'A', revision: 'same' })).status).toBe(202)
    expect((await form({ author: 'A', revision: 'same' })).status).toBe(200)
    expect((await form({ author: 'A', revision: 'other' })).status).toBe(202)
    expect((await form({ author: 'A' })).status).toBe(202)
    expect((await form({ author: 'A' })).status).toBe(202)
    expect((await form({ author: 'A' }, { 'idempotency-key': 'k' })).status).toBe(202)
    expect((await form({ author: 'A' }, { 'idempotency-key': 'k' })).status).toBe(200)
    expect((await changes()).length).toBe(before + 5)
  })

  it.each([
    [{}, 'nothing of a change is told'],
    [{ comment: 'x' }, 'nothing of a change is told'],
    [{ author: 'A', files: 'a.c' }, 'files: expected JSON'],
    [{ author: 'A', properties: '[]' }, 'properties: expected JSON'],
    [{ author: 'A', when: 'noon' }, 'when: expected epoch seconds'],
  ])('refuses %j', async (fields, reason) => {
    expect(await form(fields as { [name: string]: string })).toMatchObject({ status: 400, text: expect.stringContaining(reason) })
  })

  it('wants the secret, if there is one', async () => {
    api.setGeneration({ id: api.generationId, configuration: aConfiguration({ changeHooks: { ...noChangeHooks, base: { secret: 's:1' } } }) })
    const headers = (authorization: string) => ({ authorization })
    expect((await form({ author: 'A' })).status).toBe(401)
    expect((await form({ author: 'A' }, headers('Bearer no'))).status).toBe(401)
    expect((await form({ author: 'A' }, headers('Bearer s:1'))).status).toBe(202)
    expect((await form({ author: 'A' }, headers(`Basic ${Buffer.from('me:s:1').toString('base64')}`))).status).toBe(202)
  })

  it('wants it also when another configuration set wants none', async () => {
    const withSecret = { id: api.generationId, configuration: aConfiguration({ changeHooks: { ...noChangeHooks, base: { secret: 's:1' } } }) }
    api.setGeneration({ id: api.generationId, configuration: aConfiguration({ changeHooks: { ...noChangeHooks, base: { secret: null } } }) }, withSecret)
    expect((await form({ author: 'A' })).status).toBe(401)
    expect((await form({ author: 'A' }, { authorization: 'Bearer s:1' })).status).toBe(202)
  })

  it('is not called by GET', async () => {
    expect((await fetch(`${api.url}/change_hook/base?author=A`)).status).toBe(405)
  })
})
