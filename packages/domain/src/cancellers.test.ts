import { describe, expect, test } from 'vitest'
import { branchKeyOf, condemned, superseded, type CancelRequest, type CancelStamp, type StampAnswers } from './cancellers.js'

const everything = { fields: {}, properties: {}, fn: null }
const stamp = (change: number | null, more: Partial<CancelStamp> = {}): CancelStamp => ({ codebase: '', repository: '/r', project: '', branch: 'main', revision: `r${change}`, change, ...more })
const request = (id: number, stamps: CancelStamp[], more: Partial<CancelRequest> = {}): CancelRequest => ({ id, builder: 'a', buildset: id * 10, stamps, ...more })
const answers: StampAnswers = { passes: () => Promise.resolve(true), key: of => Promise.resolve(branchKeyOf(of)) }
const of = (builders: string[]) => ({ builders, filter: everything })

test.each([
  ['main', 'main'], [null, null], ['refs/changes/12/4012/3', 'refs/changes/12/4012'], ['refs/pull/7/merge', 'refs/pull/7'], ['refs/pull/7/head', 'refs/pull/7'], ['pull/7/merge', 'pull/7'],
  ['refs/merge-requests/3/head', 'refs/merge-requests/3'], ['refs/pull-requests/9/from', 'refs/pull-requests/9'], ['refs/heads/pull', 'refs/heads/pull'],
])('branch %s stands under %s', (branch, key) => {
  expect(branchKeyOf(stamp(1, { branch }))).toBe(key)
})

describe('a newer buildset makes needless', () => {
  const newer = { buildset: 999, builders: ['a', 'x'], stamps: [stamp(20)] }
  test.each<[string, CancelRequest, number[]]>([
    ['an older change of the branch', request(1, [stamp(10)]), [1]],
    ['not a newer one', request(1, [stamp(30)]), []],
    ['not the same change', request(1, [stamp(20)]), []],
    ['not the same revision that came as another change', request(1, [stamp(10, { revision: 'r20' })]), []],
    ['not another branch', request(1, [stamp(10, { branch: 'dev' })]), []],
    ['not another repository', request(1, [stamp(10, { repository: '/fork' })]), []],
    ['not what was asked for without a change', request(1, [stamp(null)]), []],
    ['not itself', request(1, [stamp(10)], { buildset: 999 }), []],
    ['another builder of the same filter', request(1, [stamp(10)], { builder: 'b' }), [1]],
    ['not a builder of another filter', request(1, [stamp(10)], { builder: 'c' }), []],
    ['not a builder of none', request(1, [stamp(10)], { builder: 'd' }), []],
    ['what has one codebase of it', request(1, [stamp(10), stamp(50, { codebase: 'lib', repository: '/lib' })]), [1]],
  ])('%s', async (_, open, expected) => {
    expect(await superseded([of(['a', 'b']), of(['c'])], newer, [open], answers)).toEqual(expected)
  })

  test('of a review, by what stands for its branch', async () => {
    const open = [request(1, [stamp(10, { branch: 'refs/pull/7/merge' })]), request(2, [stamp(11, { branch: 'refs/pull/8/merge' })])]
    const next = { buildset: 999, builders: ['a'], stamps: [stamp(20, { branch: 'refs/pull/7/head' })] }
    expect(await superseded([of(['a'])], next, open, answers)).toEqual([1])
    expect(await superseded([of(['a'])], next, open, { ...answers, key: () => Promise.resolve('one') })).toEqual([1, 2])
  })

  test('only where its filter lets', async () => {
    const open = [request(1, [stamp(10)])]
    expect(await superseded([of(['a'])], { buildset: 999, builders: ['a'], stamps: [stamp(20)] }, open, { ...answers, passes: () => Promise.resolve(false) })).toEqual([])
  })
})

test('a failed build condemns the rest of its buildset', async () => {
  const failed = request(1, [stamp(1)], { buildset: 5 })
  const open = [failed, request(2, [stamp(1)], { buildset: 5, builder: 'b' }), request(3, [stamp(1)], { buildset: 5, builder: 'c' }), request(4, [stamp(1)], { buildset: 6, builder: 'b' })]
  expect(await condemned([{ ...of(['a']), cancelBuilds: null }], failed, open, answers)).toEqual([2, 3])
  expect(await condemned([{ ...of(['a']), cancelBuilds: ['c'] }], failed, open, answers)).toEqual([3])
  expect(await condemned([{ ...of(['b']), cancelBuilds: null }], failed, open, answers)).toEqual([])
  expect(await condemned([{ ...of(['a']), cancelBuilds: null }], failed, open, { passes: () => Promise.resolve(false) })).toEqual([])
})
