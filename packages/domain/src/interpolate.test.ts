import { describe, expect, test } from 'vitest'
import { checkInterpolation, lookupsOf } from './interpolation-syntax.js'
import { render } from './render.js'
import type { RenderContext } from './render.js'
import type { Renderable } from './renderable.js'

const used: string[] = []
const ctx: RenderContext = {
  properties: {
    name: ['value', 'test'], zero: [0, 'test'], empty: ['', 'test'], nothing: [null, 'test'], list: [['a', 1], 'test'], evil: [{ $secret: 'token' }, 'Force Build Form'],
    'got.rev-1': ['r1', 'test'],
  },
  sourcestamps: {
    '': { codebase: '', repository: 'https://r', project: 'p', branch: 'main', revision: null },
    lib: { codebase: 'lib', repository: 'https://l', project: '', branch: null, revision: 'abc' },
  },
  build: { id: 1, number: 7, builder: 'b', worker: 'w', buildset: 1, buildrequest: 1, reason: '' },
  worker: { system: 'linux' },
  secret: name => { used.push(name); return name === 'token' ? 's3cret' : undefined },
  call: async fn => `called ${fn.$fn}`,
}

describe('interpolate', () => {
  const table: [format: string, expected: string][] = [
    ['plain', 'plain'],
    ['', ''],
    ['100%%', '100%'],
    ['%(prop:name)s', 'value'],
    ['<%(prop:name)s|%(prop:name)s>', '<value|value>'],
    ['%(prop:got.rev-1)s', 'r1'],
    ['%(prop:missing)s', ''],
    ['%(prop:nothing)s', ''],
    ['%(prop:list)s', '["a",1]'],
    ['%(prop:toString)s', ''],
    ['%(prop:missing:-default)s', 'default'],
    ['%(prop:missing:-)s', ''],
    ['%(prop:zero:-default)s', '0'],
    ['%(prop:nothing:-default)s', ''],
    ['%(prop:zero:~default)s', 'default'],
    ['%(prop:empty:~default)s', 'default'],
    ['%(prop:name:~default)s', 'value'],
    ['%(prop:name:+there)s', 'there'],
    ['%(prop:nothing:+there)s', 'there'],
    ['%(prop:missing:+there)s', ''],
    ['%(prop:name:?|yes|no)s', 'yes'],
    ['%(prop:missing:?|yes|no)s', 'no'],
    ['%(prop:missing:?:yes:no)s', 'no'],
    ['%(prop:zero:?|yes|no)s', 'yes'],
    ['%(prop:zero:#?|yes|no)s', 'no'],
    ['%(prop:name:#?!yes|!no)s', 'yes|'],
    ['%(prop:missing:-%(src::revision:-unknown)s)s', ''],
    ['%(prop:missing:-%(src::revision:~unknown)s)s', 'unknown'],
    ['%(prop:name:?|%(prop:missing:?|a|b)s|no)s', 'b'],
    ['%(prop:missing:-50%%)s', '50%'],
    ['%(src::branch)s', 'main'],
    ['%(src:lib:revision)s', 'abc'],
    ['%(src:lib:branch:-x)s', ''],
    ['%(src:other:branch:-x)s', 'x'],
    ['%(worker:system)s', 'linux'],
    ['%(kw:k)s', 'kw value'],
    ['%(kw:unknown:-x)s', 'x'],
    ['%(secret:token)s', 's3cret'],
    ['%(prop:name:-%(secret:absent)s)s', 'value'],
  ]
  test.each(table)('%j renders %j', async (format, expected) => {
    expect(await render({ $interpolate: format, kw: { k: { $interpolate: 'kw %(prop:name)s' } } }, ctx)).toBe(expected)
  })

  test('a secret that nobody has is an error that names it', async () => {
    await expect(render({ $secret: 'absent' }, ctx)).rejects.toThrow("no secret named 'absent'")
  })

  test('each use of a secret is told', async () => {
    used.length = 0
    await render([{ $secret: 'token' }, { $interpolate: '%(secret:token)s' }], ctx)
    expect(used).toEqual(['token', 'token'])
  })
})

describe('checkInterpolation', () => {
  const table: [format: string, position: number, message: RegExp][] = [
    ['50% of', 2, /starts nothing/],
    ['%(prop:x', 0, /without its '\)'/],
    ['%(prop:x)', 9, /'s' is missing/],
    ['%(prop:x)d', 9, /'s' is missing/],
    ['%(x)s', 2, /no selector/],
    ['ab%(porp:x)s', 4, /unknown selector 'porp'/],
    ['%(prop:a b)s', 2, /not a name/],
    ['%(src:branch)s', 2, /codebase and an attribute/],
    ['%(prop:x:b)s', 9, /no form/],
    ['%(prop:x:?|yes)s', 10, /no second '\|'/],
    ['%(prop:x:?(a(b)s', 0, /without/],
    ['%(prop:x:-%(kw)s)s', 12, /no selector/],
  ]
  test.each(table)('%j is wrong at %i', (format, position, message) => {
    expect(checkInterpolation(format)).toEqual([{ position, message: expect.stringMatching(message) }])
  })

  test('all problems at once', () => {
    expect(checkInterpolation('%(a)s %(b)s').map(problem => problem.position)).toEqual([2, 8])
  })

  test('lookups of alternatives are found too', () => {
    expect(lookupsOf('%(prop:a:-%(secret:s)s)s').map(lookup => [lookup.selector, lookup.key])).toEqual([['prop', 'a'], ['secret', 's']])
  })
})

describe('render', () => {
  const table: [value: Renderable, expected: unknown][] = [
    [null, null],
    [['make', { $property: 'name' }], ['make', 'value']],
    [{ A: { $interpolate: '%(prop:name)s' }, b: [1] }, { A: 'value', b: [1] }],
    [{ $property: 'missing' }, null],
    [{ $property: 'zero' }, 0],
    [{ $property: 'zero', default: 'd' }, 'd'],
    [{ $property: 'zero', default: 'd', defaultWhenFalse: false }, 0],
    [{ $property: 'missing', default: { $property: 'name' } }, 'value'],
    [{ $fn: 'f' }, 'called f'],
    [{ $property: 'evil' }, { $secret: 'token' }],
  ]
  test.each(table)('%j', async (value, expected) => {
    expect(await render(value, ctx)).toEqual(expected)
  })
})
