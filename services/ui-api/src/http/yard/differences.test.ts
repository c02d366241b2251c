import { expect, it } from 'vitest'
import { differencesOf } from './differences.js'

it('tells what differs by name, and never a secret', () => {
  const before = { title: 'a', workers: [{ name: 'w1', password: 'p', labels: { a: '1' } }, { name: 'w2', password: 'p' }], builders: [{ name: 'b', workers: ['w1'] }], www: null }
  const after = { title: 'b', workers: [{ name: 'w1', password: 'q', labels: { a: '2' } }, { name: 'w3', password: 'p' }], builders: [{ name: 'b', workers: ['w1', 'w3'] }], www: { auth: { users: 'x' } } }
  const users = (of: object) => ({ www: { auth: { kind: 'users', users: of } } })
  expect(differencesOf(users({ ann: 'old', bob: 'b' }), users({ ann: 'new', carl: 'c' }))).toEqual(['ann', 'bob', 'carl'].map(name => expect.objectContaining({ what: `www.auth.users.${name}` })))
  expect(JSON.stringify([differencesOf(users({ ann: 'old', bob: 'b' }), users({ ann: 'new', carl: 'c' })), differencesOf({ www: { auth: { kind: 'none' } } }, users({ ann: 'new' }))])).not.toMatch(/"(?:old|new|b|c)"/)
  expect(differencesOf(before, after)).toEqual([
    { what: 'title', before: 'a', after: 'b' },
    { what: 'workers.w1.password', before: '***', after: '***' },
    { what: 'workers.w1.labels.a', before: '1', after: '2' },
    { what: 'workers.w2', before: { name: 'w2', password: '***' }, after: null },
    { what: 'workers.w3', before: null, after: { name: 'w3', password: '***' } },
    { what: 'builders.b.workers', before: ['w1'], after: ['w1', 'w3'] },
    { what: 'www', before: null, after: { auth: '***' } },
  ])
  expect(differencesOf(after, structuredClone(after))).toEqual([])
})
