import { operators, type Field, type Operator, type ResourceType } from '@yardmaster/rest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fillLargeDatabase } from '../../../../test/kit/large-database.js'
import { aConfiguration } from '../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../testing/api.js'
import { startContractInstallation, type Places } from '../testing/contract-installation.js'
import { meets, order, sorted, type Asked, type Row } from '../testing/query-oracle.js'
import { endpoints } from './resources/index.js'
import type { Endpoint } from './resources/endpoint.js'

const collections = endpoints.filter(({ kind }) => kind === 'collection')
/** Where Buildbot filters in SQL, in which null meets nothing; everywhere else it does so in Python. */
const inSql = ['/builds', '/buildrequests', '/buildsets', '/changes', '/test_result_sets', '/results']
const nullDiffers = ({ path }: Endpoint) => !inSql.some(end => path.endsWith(end))
/** A row's own field in each list, to tell rows apart by. */
const keyOf = ({ type }: Endpoint) => (type.name === '_property' || type.name === 'build_data' || type.name === 'rootlink' ? 'name' : type.name === 'spec' ? 'path' : Object.keys(type.fields)[0]!)

type Value = string | number | boolean
const isValue = (value: unknown): value is Value => ['string', 'number', 'boolean'].includes(typeof value)
const several: readonly Operator[] = ['eq', 'ne', 'contains', 'in', 'notin']

/** Values of the field that rows have, the least and the greatest, and one that none has. */
function samples(rows: readonly Row[], field: string, { kind }: Field): Value[] {
  const found = [...new Set(rows.flatMap(row => row[field]).filter(isValue))].toSorted(order)
  const absent = { integer: 987_654, string: "no'n%_\\e", boolean: true, identifier: 'z', structure: '' }[kind]
  return [...new Set([...found.slice(0, 1), ...found.slice(-1), absent])].filter(value => kind !== 'identifier' || /^[a-z_-][\w.-]*$/i.test(String(value)))
}

/** Every operator with every sample, and those that take several values with all of them. */
function questions(rows: readonly Row[], { fields }: ResourceType): Asked[] {
  return Object.entries(fields).filter(([field, { kind }]) => kind !== 'structure' && field !== 'active').flatMap(([field, of]) => {
    const values = samples(rows, field, of)
    const single = operators.flatMap(op => values.map(value => ({ field, op, values: [value] })))
    return [...single.filter(({ op }) => of.kind !== 'boolean' || op !== 'contains'), ...(of.kind === 'boolean' ? [] : several.map(op => ({ field, op, values })))]
  })
}

const filterText = ({ field, op, values }: Asked) => values.map(value => `${op === 'eq' ? field : `${field}__${op}`}=${encodeURIComponent(value)}`).join('&')

async function ask(api: TestApi, url: string, plural: string): Promise<{ rows: Row[]; total: unknown }> {
  const { status, body, text } = await api.get(url)
  expect(status, `${url}: ${text}`).toBe(200)
  return { rows: body[plural] as Row[], total: (body.meta as { total: unknown }).total }
}

/** All of them at the first path of each type, some at the others, where only the scope differs. `YARD_CONTRACT=full` asks all of them everywhere. */
function chosen<T>(all: readonly T[], { path, type }: Endpoint, share = 13): readonly T[] {
  const isFirst = collections.find(other => other.type === type)?.path === path
  return isFirst || process.env.YARD_CONTRACT === 'full' ? all : all.filter((_one, index) => (index + path.length) % share === 0)
}

/** Many at a time: the answers do not depend on each other. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values()
  await Promise.all(Array.from({ length: 8 }, async () => { for (const item of waiting) await work(item) }))
}

describe('a small installation with something of everything', () => {
  let api: TestApi
  let places: Places
  beforeAll(async () => { ({ api, places } = await startContractInstallation()) })
  afterAll(() => api?.close())
  const urlOf = ({ path }: Endpoint) => {
    const named: Places = { ...places, builder: places.buildername!, worker: 'w1', number: places.build_number!, step: 'test', setid: 1, slug: 'stdio' }
    return `/api/v2${path.replaceAll(/:(\w+)/g, (_all, name: string) => encodeURIComponent(named[name] ?? ''))}`
  }

  it.each(collections)('$path: every operator on every field finds what it means, in its order', async endpoint => {
    const { type: { plural } } = endpoint
    const [url, key, sense] = [urlOf(endpoint), keyOf(endpoint), { nullDiffers: nullDiffers(endpoint) }]
    const { rows: whole } = await ask(api, url, plural)
    const keys = (rows: readonly Row[]) => rows.map(row => row[key])
    await each(chosen(questions(whole, endpoint.type), endpoint), async asked => {
      const { rows, total } = await ask(api, `${url}?${filterText(asked)}`, plural)
      const wanted = whole.filter(row => meets(row, asked, sense))
      expect({ keys: keys(rows), total }, `${url}?${filterText(asked)}`).toEqual({ keys: keys(wanted), total: wanted.length })
    })
  })

  it.each(collections)('$path: every order, page and choice of fields', async endpoint => {
    const { type: { plural, fields } } = endpoint
    const [url, key, sense] = [urlOf(endpoint), keyOf(endpoint), { nullDiffers: nullDiffers(endpoint) }]
    const { rows: whole } = await ask(api, url, plural)
    const plain = Object.entries(fields).filter(([, { kind, list }]) => kind !== 'structure' && !list).map(([field]) => field)
    await each(chosen(plain.flatMap(field => [false, true].map(descending => ({ field, descending }))), endpoint, 5), async by => {
      const query = `${url}?order=${by.descending ? '-' : ''}${by.field}`
      const wanted = sorted(whole, by, sense)
      const { rows } = await ask(api, query, plural)
      expect(rows.map(row => row[by.field]), query).toEqual(wanted.map(row => row[by.field]))
      // Of times the answer has whole seconds, and the order is finer.
      if (fields[by.field]!.spec.name.startsWith('datetime') || by.field.endsWith('_at')) return
      expect(rows.map(row => row[key]), query).toEqual(wanted.map(row => row[key]))
      expect(await ask(api, `${query}&limit=2&offset=1`, plural)).toEqual({ rows: wanted.slice(1, 3), total: whole.length })
    })
    await each(chosen(Object.keys(fields), endpoint, 5), async field => {
      const { rows } = await ask(api, `${url}?field=${field}`, plural)
      expect(rows, field).toEqual(whole.map(row => ({ [field]: row[field] })))
    })
    // Buildbot cannot put structures in order; here they have some, and no query fails.
    for (const [field, { kind, list }] of Object.entries(fields)) if (kind === 'structure' || list) expect((await ask(api, `${url}?order=-${field}`, plural)).rows).toHaveLength(whole.length)
    expect(await ask(api, `${url}?limit=0`, plural)).toEqual({ rows: [], total: whole.length })
    expect(await ask(api, `${url}?offset=100000`, plural)).toEqual({ rows: [], total: whole.length })
  })

  it.each(collections)('$path: what cannot be asked is refused in Buildbot\'s words', async endpoint => {
    const { fields } = endpoint.type
    const structure = Object.entries(fields).find(([, { kind }]) => kind === 'structure')?.[0]
    const [first = 'name', second = 'name'] = Object.keys(fields)
    for (const [query, message] of [
      ['limit=-1', 'invalid limit'], ['limit=', 'invalid limit'], ['offset=1.5', 'invalid offset'], ['nonsense=1', "unrecognized query parameter 'nonsense'"],
      ['order=-nonsense', "no such field 'nonsense'"], ['field=nonsense', "no such field 'nonsense'"], [`field=${first}&order=${second}`, first === second ? null : 'cannot order on un-selected fields'],
      ['nonsense__eq=1&order__contains=1', null], [`${first}__nonsense=1`, null], [`${first}__lt=1&${first}__lt=2`, null], ['property=x&property=*', null],
      ...(structure ? [[`${structure}=x`, `invalid filter value for ${structure}`], [`${structure}__contains=x`, `invalid filter value for ${structure}__contains`]] : []),
    ] as [string, string | null][]) {
      const { status, body } = await api.get(`${urlOf(endpoint)}?${query}`)
      expect({ query, status, error: body.error }).toEqual({ query, status: message === null ? 200 : 400, error: message ?? undefined })
    }
  })
})

describe('a large installation', () => {
  const builds = Number(process.env.YARD_CONTRACT_BUILDS ?? 2_000)
  let api: TestApi
  let places: Places
  beforeAll(async () => {
    api = await startApi(aConfiguration())
    const filled = await fillLargeDatabase(api.databaseUrl, { builds, builders: Math.min(builds / 20, 4_000), workers: 50, logLines: 1_000 })
    places = { builder: filled.busiestBuilder, worker: 1, buildid: builds, number: 1, masterid: 1, logid: filled.log.id }
  })
  afterAll(() => api?.close())

  it.each(collections.filter(({ path }) => !/:(?!builder\b|worker\b|buildid\b|number\b)/.test(path)))('$path: pages are what was asked for', async endpoint => {
    const { type } = endpoint
    const url = `/api/v2${endpoint.path.replaceAll(/:(\w+)/g, (_all, name: string) => String(places[name]))}`
    const { rows: some } = await ask(api, `${url}?limit=50&offset=3`, type.plural)
    for (const row of some) type.schema.parse(row)
    await each(questions(some, type).filter((_asked, index) => process.env.YARD_CONTRACT === 'full' || index % 5 === type.name.length % 5), async asked => {
      const { rows, total } = await ask(api, `${url}?${filterText(asked)}&limit=7`, type.plural)
      const met = rows.filter(row => meets(row, asked, { nullDiffers: nullDiffers(endpoint) }))
      expect(met, filterText(asked)).toEqual(rows)
      expect(total === undefined || Number(total) >= rows.length, filterText(asked)).toBe(true)
      const known = some.find(row => meets(row, asked, { nullDiffers: nullDiffers(endpoint) }))
      if (known) expect(rows.length, filterText(asked)).toBeGreaterThan(0)
    })
  })
})
