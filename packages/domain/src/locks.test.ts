import { describe, expect, test } from 'vitest'
import type { LockAccess } from './configuration.js'
import { deadlocks, type ParentWait } from './lock-deadlock.js'
import { LockBoard, lockUses, type LockClaim, type LockUse } from './locks.js'

/** `build lock` holds, `build? lock` waits; `!` is exclusive, `*2` counts twice. Ids are in the order of the list. */
function claims(...texts: string[]): LockClaim[] {
  return texts.map((text, index) => {
    const [, build, waits, key, exclusive, count] = /^(\d+)(\??) (\w+)(!?)(?:\*(\d))?$/.exec(text)!
    return { id: index + 1, key: key!, build: Number(build), step: 0, mode: exclusive ? 'exclusive' : 'counting', count: Number(count ?? 1), held: waits === '' }
  })
}
const maxCounts = new Map([['L', 1], ['M', 1], ['two', 2], ['four', 4]])
const use = (key: string, mode: LockUse['mode'] = 'counting', count = 1): LockUse => ({ key, name: key, mode, count, maxCount: maxCounts.get(key)! })
const boardOf = (...texts: string[]) => new LockBoard(claims(...texts), maxCounts)

describe('who is let in', () => {
  const table: { what: string; world: string[]; held: number[]; waiting: { [build: number]: number[] } }[] = [
    { what: 'nobody holds it: the first', world: ['1? L', '2? L'], held: [1], waiting: { 2: [1] } },
    { what: 'a counting lock of two', world: ['1 two', '2? two', '3? two'], held: [2], waiting: { 3: [1, 2] } },
    { what: 'an exclusive waiter needs it empty', world: ['1 two', '2? two!'], held: [], waiting: { 2: [1] } },
    { what: 'counting does not go beside exclusive', world: ['1 two!', '2? two'], held: [], waiting: { 2: [1] } },
    { what: 'later counting ones do not starve an exclusive waiter', world: ['1 two', '2? two!', '3? two'], held: [], waiting: { 2: [1], 3: [2] } },
    { what: 'nor one that counts more', world: ['1 four*3', '2? four*2', '3? four'], held: [], waiting: { 2: [1], 3: [2] } },
    { what: 'all at once', world: ['1 M', '2? L', '2? M'], held: [], waiting: { 2: [1] } },
    { what: 'who waits for something else is overtaken', world: ['1 M', '2? L', '2? M', '3? L'], held: [3], waiting: { 2: [1] } },
    { what: 'who is let in holds against those behind', world: ['1? L', '1? M', '2? M', '3? L'], held: [1], waiting: { 2: [1], 3: [1] } },
    { what: 'nobody waits behind one that waits for him', world: ['1 two', '3 L', '1? L', '2? two!', '3? two'], held: [3], waiting: { 1: [3], 2: [1] } },
    { what: 'a build is not in its own way', world: ['1 L', '1? L!'], held: [1], waiting: {} },
    { what: 'more hold it than a reload lets in now', world: ['1 L', '2 L', '3? L'], held: [], waiting: { 3: [1, 2] } },
    { what: 'asked for more than a reload lets in now', world: ['1? two*4', '2? two'], held: [1], waiting: { 2: [1] } },
  ]
  test.each(table)('$what', ({ world, held, waiting }) => {
    const outcome = boardOf(...world).letIn()
    expect(outcome.held.map(({ build }) => build)).toEqual(held)
    expect(Object.fromEntries(outcome.waiting.map(({ waiter, blockers }) => [waiter.build, blockers.map(({ build }) => build)]))).toEqual(waiting)
  })
})

describe('what is in the way of a newcomer', () => {
  const table: { what: string; world: string[]; uses: LockUse[]; forBuild?: number; found: number[] }[] = [
    { what: 'nothing', world: ['1 two'], uses: [use('two'), use('L', 'exclusive')], found: [] },
    { what: 'a holder', world: ['1 two'], uses: [use('two', 'exclusive')], found: [1] },
    { what: 'whoever asked before', world: ['1 two', '2? two!'], uses: [use('two')], found: [2] },
    { what: 'not who waits for something else', world: ['1 M', '2? two!', '2? M'], uses: [use('two')], found: [] },
    { what: 'its parent, which holds it', world: ['1 L!'], uses: [use('L', 'exclusive')], forBuild: 1, found: [1] },
    { what: 'not who waits for its parent', world: ['1 two', '2? two!'], uses: [use('two')], forBuild: 1, found: [] },
  ]
  test.each(table)('$what', ({ world, uses, forBuild, found }) => {
    expect(boardOf(...world).inTheWay(uses, forBuild ?? null).map(({ build }) => build)).toEqual(found)
  })
  test('a child does not wait behind one that waits for its parent', () => {
    const world = claims('1 two', '2? two!', '3? two')
    expect(new LockBoard(world, maxCounts, new Map([[1, [3]]])).letIn().held.map(({ build }) => build)).toEqual([3])
  })
  test('what it holds counts for the next one', () => {
    const board = boardOf('1 two')
    board.hold([use('two')], { build: 2, step: null })
    expect(board.inTheWay([use('two')]).map(({ build }) => build)).toEqual([1, 2])
  })
})

describe('deadlocks', () => {
  const table: { what: string; world: string[]; parents?: ParentWait[]; found: string[] }[] = [
    { what: 'one waits', world: ['1 L', '2? L'], found: [] },
    { what: 'two wait for each other', world: ['1 L', '2 M', '1? M', '2? L'], found: ['1-M->2 2-L->1'] },
    { what: 'others wait for them', world: ['1 L', '2 M', '1? M', '2? L', '3? L'], found: ['1-M->2 2-L->1'] },
    { what: 'another holder will give it back', world: ['1 two', '3 two', '2 L', '1? L', '2? two'], found: [] },
    { what: 'no other holder will', world: ['1 two', '3 two', '2 L', '1? L', '3? L', '2? two'], found: ['1-L->2 2-two->1'] },
    { what: 'a circle of fairness alone dissolves', world: ['1 two', '3 L', '1? L', '2? two!', '3? two'], found: [] },
    { what: 'a child waits for what its parent holds', world: ['1 L', '2? L'], parents: [{ build: 1, children: [{ build: 2 }] }], found: ['1-null->2 2-L->1'] },
    { what: 'a child cannot start for what its parent holds', world: ['1 L'], parents: [{ build: 1, children: [{ request: 9, uses: [[use('L')]] }] }], found: ['1-L->1'] },
    { what: 'a child can start on another worker', world: ['1 L'], parents: [{ build: 1, children: [{ request: 9, uses: [[use('L')], [use('M')]] }] }], found: [] },
    { what: 'a child can start on no worker', world: ['1 L', '1 M'], parents: [{ build: 1, children: [{ request: 9, uses: [[use('L')], [use('M')]] }] }], found: ['1-L->1'] },
    { what: 'a child runs', world: ['1 L', '3? L'], parents: [{ build: 1, children: [{ build: 2 }] }], found: [] },
    { what: 'two circles', world: ['1 L', '2 M', '1? M', '2? L', '3 four!', '4 two!', '3? two', '4? four'], found: ['1-M->2 2-L->1', '3-two->4 4-four->3'] },
  ]
  test.each(table)('$what', ({ world, parents, found }) => {
    expect(deadlocks(boardOf(...world), parents).map(circle => circle.map(({ build, key, of }) => `${build}-${key}->${of}`).join(' '))).toEqual(found)
  })
})

test('a lock of workers is one on each, with a count of its own for some', () => {
  const access: LockAccess = { name: 'L', scope: 'worker', maxCount: 2, maxCountForWorker: { big: 5 }, mode: 'counting', count: 1 }
  const keys = [{ id: 1, name: 'small' }, { id: 2, name: 'big' }].map(worker => lockUses([access, { ...access, scope: 'cluster' }], worker).map(({ key, maxCount }) => [key, maxCount]))
  expect(keys).toEqual([[['worker:1:L', 2], ['cluster:L', 2]], [['worker:2:L', 5], ['cluster:L', 2]]])
})
