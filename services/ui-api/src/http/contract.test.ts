import type { ResourceType } from '@yardmaster/rest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { alternatives, buildbotTypes, type Described } from '../testing/buildbot-types.js'
import { startContractInstallation, type Places } from '../testing/contract-installation.js'
import type { TestApi } from '../testing/api.js'
import { endpoints } from './resources/index.js'

let api: TestApi
let places: Places
beforeAll(async () => { ({ api, places } = await startContractInstallation()) })
afterAll(() => api?.close())

const typeOf = (name: string): ResourceType => {
  const found = endpoints.find(({ type }) => type.spec.name === name || type.name === name)
  if (!found) throw new Error(`no endpoint answers the type ${name}`)
  return found.type
}

/** The pattern with what this installation has; `name` is a worker's or a build data's. */
function concrete(pattern: string, more: Places = {}): string {
  return pattern.split('/').map(part => {
    const [, name] = part.split(':')
    if (name === undefined) return part
    const value = { ...places, name: pattern.includes('/data/') ? 'coverage' : 'w1', ...more }[name]
    if (value === undefined) throw new Error(`what is ${name} in ${pattern}?`)
    return encodeURIComponent(value)
  }).join('/')
}

/** We keep no graph of commits; nothing is ever at the bare /logchunks; and who dispatches or polls is nobody here. */
const isNowhere = (pattern: string) =>
  /^(codebases\/|branches\/|commits\/|logchunks$)|\/codebases\/|^masters\/.*\/(schedulers|changesources)\//.test(pattern)

const all = (of: (described: Described) => readonly string[] | undefined) =>
  Object.entries(buildbotTypes).flatMap(([name, described]) => (of(described) ?? []).flatMap(alternatives).map(pattern => ({ name, plural: described.plural, pattern })))

describe('what Buildbot describes', () => {
  it('is described alike: every path, with type, fields and nulls', async () => {
    const specs = await api.rows('application.spec')
    for (const { name, plural, pattern } of [...all(type => type.collections), ...all(type => type.singles), ...all(type => type.raws)]) {
      const type = name === 'property' ? 'sourcedproperties' : name
      expect(specs.filter(spec => spec.path === pattern), pattern).toMatchObject([{ plural, type }])
    }
    expect(new Set(specs.map(spec => spec.path)).size).toBe(specs.length)
    expect(specs.map(spec => String(spec.path).split('/'))).toEqual(specs.map(spec => String(spec.path).split('/')).toSorted((a, b) => {
      const at = a.findIndex((part, index) => part !== b[index])
      return at < 0 ? a.length - b.length : (b[at] ?? '') < a[at]! ? 1 : -1
    }))
  })

  it.each(Object.entries(buildbotTypes).filter(([, { fields }]) => fields !== ''))('%s has its fields', (name, { fields }) => {
    expect((typeOf(name).spec.type_spec.fields as SpecField[]).map(field => `${field.name}:${shortType(field)}`)).toEqual(fields.split(' '))
  })

  type SpecField = { name: string; type: string; type_spec: { [member: string]: unknown } }
  function shortType({ type, type_spec: spec }: SpecField): string {
    if (type === 'list') {
      const of = spec.of as { name?: string; type?: string }
      return `${of.name ?? of.type}[]`
    }
    expect(spec.can_be_null === true).toBe(type.endsWith(' or None'))
    return type.replace(' or None', '?')
  }
})

describe('what there is', () => {
  it.each(all(type => type.collections))('$pattern: many', async ({ name, plural, pattern }) => {
    const { status, body, text } = await api.get(`/api/v2/${concrete(pattern)}`)
    expect(status, text).toBe(200)
    expect(Object.keys(body)).toEqual(['meta', plural].toSorted())
    const rows = body[plural] as unknown[]
    expect(body.meta).toEqual({ total: rows.length })
    for (const row of rows) expect(Object.keys(typeOf(name).schema.parse(row)).toSorted()).toEqual(Object.keys(row as object))
  })

  it.each(all(type => type.singles))('$pattern: one', async ({ name, plural, pattern }) => {
    const { status, body, text } = await api.get(`/api/v2/${concrete(pattern)}`)
    if (isNowhere(pattern)) return expect({ status, body }, text).toEqual({ status: 404, body: { error: expect.stringMatching(/^not found while getting from /) } })
    expect(status, text).toBe(200)
    expect(body).toMatchObject({ meta: {}, [plural]: [typeOf(name).schema.parse((body[plural] as unknown[])[0])] })
    expect(await api.get(`/api/v2/${concrete(pattern)}?limit=x`)).toMatchObject({ status: 400, body: { error: 'invalid limit' } })
  })

  it.each(all(type => type.raws))('$pattern: bytes', async ({ pattern }) => {
    const { status, headers, text } = await api.get(`/api/v2/${concrete(pattern)}`)
    expect(status, text).toBe(200)
    expect(headers.get('content-disposition') === null).toBe(pattern.endsWith('raw_inline'))
    expect((await api.get(`/api/v2/${concrete(pattern)}?nonsense=1`)).body).toEqual({ error: "unrecognized query parameter 'nonsense'" })
  })

  it.each(all(type => type.singles).filter(({ pattern }) => pattern.includes(':')))('$pattern: none', async ({ name, pattern }) => {
    const more = Object.fromEntries(Object.keys(places).map(place => [place, typeof places[place] === 'number' ? 471_147 : 'nonsense']))
    const { status, body } = await api.get(`/api/v2/${concrete(pattern, { ...more, name: 'nonsense' })}`)
    // Of what is not there, Buildbot has no properties.
    expect({ status, body }).toEqual(name === 'property' ? { status: 200, body: { properties: [{}], meta: {} } } : { status: 404, body: { error: expect.stringMatching(/^not found while getting from /) } })
  })
})

describe('forms', () => {
  it('HEAD has the head of the answer alone, also of what is not there', async () => {
    for (const [path, status] of [['builds', 200], ['logs/1/raw', 200], ['builds/1/data/coverage/value', 200], ['builds/4711', 404]] as const) {
      const head = await fetch(`${api.url}/api/v2/${path}`, { method: 'HEAD' })
      expect([head.status, await head.text()], path).toEqual([status, ''])
    }
  })

  it('other methods are none', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await fetch(`${api.url}/api/v2/builds/1`, { method })
      expect([answer.status, await answer.text()], method).toEqual([400, '{"error":"invalid HTTP method"}'])
    }
  })

  it('a build keeps bytes under a name', async () => {
    expect(await api.rows('builds/1/data')).toEqual([
      { buildid: 1, length: 0, name: 'Report_2', source: 'git', value: null }, { buildid: 1, length: 3, name: 'coverage', source: 'test', value: null },
    ])
    const answer = await fetch(`${api.url}/api/v2/builders/b1/builds/1/data/coverage/value`)
    expect(Object.fromEntries(['content-type', 'content-disposition', 'content-security-policy'].map(name => [name, answer.headers.get(name)]))).toEqual({
      'content-type': 'application/octet-stream', 'content-disposition': 'attachment; filename=coverage', 'content-security-policy': 'sandbox' })
    expect([...new Uint8Array(await answer.arrayBuffer())]).toEqual([0, 255, 16])
  })

  it('projects say whether they are active to whoever asks for that', async () => {
    expect((await api.rows('projects')).map(({ name, active }) => [name, active])).toEqual([['Apart', null], ['hello', null]])
    expect((await api.rows('projects?active=true')).map(({ name, active }) => [name, active])).toEqual([['Apart', true], ['hello', true]])
    expect(await api.rows('projects?active__ne=true')).toEqual([])
  })

  it('a part of a query without `=` is no parameter', async () => {
    expect((await api.get('/api/v2/builds/1?nonsense&_')).status).toBe(200)
  })

  it('a call to what is not there is refused in the form of JSON-RPC', async () => {
    const call = async (path: string, method: string) => {
      const { status, body } = await api.control(path, method)
      return { status, body }
    }
    expect(await call('nonsense/ü', 'stop')).toEqual({ status: 404, body: { jsonrpc: '2.0', id: 7, error: { code: -32600, message: 'Invalid path: nonsense/ü' } } })
    expect(await call('builds/x', 'stop')).toEqual({ status: 404, body: { jsonrpc: '2.0', id: 7, error: { code: -32600, message: 'Invalid path: builds/x' } } })
    expect(await call('builds', 'stop')).toEqual({ status: 501, body: { jsonrpc: '2.0', id: 7, error: { code: -32601, message: 'action: stop is not supported' } } })
    expect((await fetch(`${api.url}/api/v2/nonsense`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' })).status).toBe(400)
  })
})
