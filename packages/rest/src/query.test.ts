import { describe, expect, it } from 'vitest'
import { applyResultSpec } from './apply.js'
import { emptySpec, parseQuery } from './query.js'
import type { ResourceType } from './resource-type.js'
import { builders } from './resources/builder.js'
import { builds } from './resources/build.js'

const ask = (query: string, resource: ResourceType = builds, collection = true) =>
  parseQuery(resource, new URLSearchParams(query), collection)

describe('parseQuery', () => {
  it('understands every parameter', () => {
    expect(ask('limit=5&offset=2&order=-buildid&order=number&property=a&property=*&results=0&results=1&complete=False&number__gt=3')).toEqual({
      ...emptySpec, limit: 5, offset: 2, properties: ['a', '*'],
      order: [{ field: 'buildid', descending: true }, { field: 'number', descending: false }],
      filters: [{ field: 'results', op: 'eq', values: [0, 1] }, { field: 'complete', op: 'eq', values: [false] }, { field: 'number', op: 'gt', values: [3] }],
    })
    expect(ask('field=name&field=tags&tags__contains=linux', builders).fields).toEqual(['name', 'tags'])
  })

  it.each([
    ['nonsense=1', "unrecognized query parameter 'nonsense'"],
    ['order=nonsense', "no such field 'nonsense'"],
    ['field=nonsense', "no such field 'nonsense'"],
    ['limit=x', 'invalid limit'],
    ['limit=-1', 'invalid limit'],
    ['offset=', 'invalid offset'],
    ['results=x', 'invalid filter value for results'],
    ['number__gt=x', 'invalid filter value for number__gt'],
    ['complete=maybe', 'invalid filter value for complete'],
    ['buildid=99999999999999999999', 'invalid filter value for buildid'],
    ['properties=x', 'invalid filter value for properties'],
    ['field=number&order=buildid', 'cannot order on un-selected fields'],
    ['field=number&buildid=1', 'cannot filter on un-selected fields'],
  ])('refuses %s in Buildbot\'s words', (query, message) => {
    expect(() => ask(query)).toThrow(message)
  })

  it('ignores what Buildbot ignores', () => {
    expect(ask('nonsense__eq=1&number__nonsense=1&number__gt=1&number__gt=2')).toEqual(emptySpec)
  })

  it('lets one resource be asked for fields only', () => {
    expect(ask('field=number', builds, false).fields).toEqual(['number'])
    expect(() => ask('number=1', builds, false)).toThrow('this is not a collection')
  })
})

describe('applyResultSpec', () => {
  const row = (builderid: number, name: string, tags: string[], description: string | null) => ({ builderid, name, tags, description })
  const rows = [row(1, 'linux', ['a', 'b'], 'x'), row(2, 'mac', ['b'], null), row(3, 'windows', [], 'a')]
  it.each([
    ['', [1, 2, 3]],
    ['name=mac', [2]],
    ['name=mac&name=linux', [1, 2]],
    ['name__ne=mac', [1, 3]],
    ['name__notin=mac&name__notin=linux', [3]],
    ['name__contains=in', [1, 3]],
    ['tags__contains=b', [1, 2]],
    ['tags__contains=a&tags__contains=b', [1, 2]],
    ['builderid__ge=2', [2, 3]],
    ['builderid__lt=2', [1]],
    ['description__gt=a', [1]],
    ['order=description', [2, 3, 1]],
    ['order=-description', [1, 3, 2]],
    ['order=-builderid&limit=1&offset=1', [2]],
  ])('%s', (query, expected) => {
    expect(applyResultSpec(rows, ask(query, builders)).rows.map(found => found.builderid)).toEqual(expected)
  })

  it('counts what there was before limit and offset', () => {
    expect(applyResultSpec(rows, ask('limit=1&tags__contains=b', builders)).total).toBe(2)
  })
})
