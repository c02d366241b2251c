import { describe, expect, test } from 'vitest'
import { planPoll, pollState, type PollPlan, type PollState } from './plan-poll.js'

const before = (heads: PollState['heads'], more: Partial<PollState> = {}): PollState => ({ repository: '/r', branches: true, heads, empty: false, ...more })

type World = [story: string, previous: PollState | null, branches: string[] | true, heads: { [branch: string]: string }, plan: PollPlan]

const worlds: World[] = [
  ['the first poll takes all as it is', null, true, { main: '1', dev: '2' }, { read: { main: '1', dev: '2' }, branches: [], known: [] }],
  ['nothing moved', before({ main: '1' }), true, { main: '1' }, { read: { main: '1' }, branches: [], known: ['1'] }],
  ['a branch moved', before({ main: '1', dev: '2' }), true, { main: '3', dev: '2' }, { read: { main: '1', dev: '2' }, branches: ['main'], known: ['1', '2'] }],
  ['a branch is new', before({ main: '1' }), true, { main: '1', dev: '2' }, { read: { main: '1' }, branches: ['dev'], known: ['1'] }],
  ['a branch is gone', before({ main: '1', dev: '2' }), true, { main: '1' }, { read: { main: '1' }, branches: [], known: ['1', '2'] }],
  ['the first commit of an empty repository', before({}, { empty: true }), true, { main: '1' }, { read: {}, branches: ['main'], known: [] }],
  ['the watched branch comes into a repository that had others', before({}, { branches: ['rel'] }), ['rel'], { rel: '1' }, { read: { rel: '1' }, branches: [], known: [] }],
  ['a branch is watched from now on', before({ main: '1' }, { branches: ['main'] }), ['main', 'old'], { main: '1', old: '9' }, { read: { main: '1', old: '9' }, branches: [], known: ['1'] }],
  ['a watched branch that was not there comes', before({ main: '1' }, { branches: ['main', 'rel'] }), ['main', 'rel'], { main: '1', rel: '2' }, { read: { main: '1' }, branches: ['rel'], known: ['1'] }],
  ['several moved: in the order of the configuration', before({ a: '1', b: '2' }, { branches: ['b', 'a'] }), ['b', 'a'], { a: '3', b: '4' }, { read: { a: '1', b: '2' }, branches: ['b', 'a'], known: ['1', '2'] }],
  ['several moved: by name', before({ b: '1', a: '2' }), true, { b: '3', a: '4' }, { read: { b: '1', a: '2' }, branches: ['a', 'b'], known: ['1', '2'] }],
]

test.each(worlds)('%s', (_, previous, branches, heads, plan) => {
  expect(planPoll(previous, { branches }, { heads, empty: false })).toEqual(plan)
})

describe('stored state', () => {
  test('counts for its repository only', () => {
    const state = before({ main: '1' })
    expect(pollState(state, { repository: '/r' })).toEqual(state)
    expect(pollState(state, { repository: '/other' })).toBeNull()
    expect(pollState({}, { repository: '/r' })).toBeNull()
  })
})
