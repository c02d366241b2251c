import { manualClock } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { createAdmission, type Admitted, type Rank } from './admission.js'

const limits = { places: 3, kept: 2, mostWaiting: 4, mostWaitingOfOne: 2, longestWaitMs: 1_000 }

function house(more: Partial<typeof limits> & { mostInsideOfOne?: number } = {}) {
  const clock = manualClock()
  const admission = createAdmission({ clock, ...limits, ...more })
  const log: string[] = []
  const inside = new Map<string, Admitted>()
  const gone = new Map<string, () => void>()
  const ask = (name: string, rank: Rank = 'others', client = name.replace(/\d+$/, '')) => {
    void admission.enter(client, rank, leave => gone.set(name, leave)).then(answer => {
      log.push(answer.admitted ? name : `${name} ${answer.because}`)
      inside.set(name, answer)
    })
  }
  const leave = (name: string) => {
    const answer = inside.get(name)
    if (answer?.admitted) answer.leave()
  }
  const told = async () => {
    for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    return log.splice(0)
  }
  return { admission, clock, ask, leave, told, goes: (name: string) => gone.get(name)?.() }
}

test('what finds room begins at once, and others leave people\'s places free', async () => {
  const { ask, told } = house()
  ask('crawler1')
  ask('crawler2')
  ask('alice1', 'people')
  ask('alice2', 'people')
  expect(await told()).toEqual(['crawler1', 'alice1', 'alice2'])
})

test('people leave the others one place', async () => {
  const { ask, told } = house()
  for (const name of ['alice1', 'alice2', 'alice3']) ask(name, 'people')
  ask('crawler1')
  expect(await told()).toEqual(['alice1', 'alice2', 'crawler1'])
})

test('clients come in turns, each one\'s own in order', async () => {
  const { ask, leave, told } = house()
  for (const name of ['a1', 'a2', 'a3', 'b1', 'c1']) ask(name)
  const order = [...await told()]
  for (const name of ['a1', 'a2', 'b1', 'c1', 'a3']) {
    leave(name)
    order.push(...await told())
  }
  expect(order).toEqual(['a1', 'a2', 'b1', 'c1', 'a3'])
})

test('one client does not take all places: others pass by what waits for want of its own', async () => {
  const { ask, leave, told } = house({ places: 4, kept: 1, mostInsideOfOne: 2 })
  for (const name of ['slow1', 'slow2', 'slow3', 'slow4', 'b1']) ask(name)
  expect(await told()).toEqual(['slow1', 'slow2', 'b1'])
  ask('c1')
  expect(await told()).toEqual([])
  leave('b1')
  expect(await told()).toEqual(['c1'])
  leave('slow1')
  expect(await told()).toEqual(['slow3'])
})

test('people come before others who have waited longer', async () => {
  const { ask, leave, told } = house({ places: 2, kept: 1 })
  ask('crawler1')
  ask('alice1', 'people')
  ask('crawler2')
  ask('alice2', 'people')
  expect(await told()).toEqual(['crawler1', 'alice1'])
  leave('crawler1')
  // Her second place is the one that is left to others.
  expect(await told()).toEqual(['crawler2'])
  leave('alice1')
  expect(await told()).toEqual(['alice2'])
})

test('a full line refuses at once: the client that fills it, then everybody of its rank', async () => {
  const { ask, told, admission } = house()
  for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) ask(name)
  expect(await told()).toEqual(['a1', 'a4 own', 'c1 crowd'])
  expect(admission.waiting).toBe(4)
  ask('alice1', 'people')
  expect(await told()).toEqual(['alice1'])
})

test('who leaves while waiting is not worked on, and who waits too long is told', async () => {
  const { ask, leave, told, goes, clock, admission } = house()
  for (const name of ['a1', 'a2', 'b1', 'c1']) ask(name)
  goes('a2')
  expect(await told()).toEqual(['a1', 'a2 gone'])
  leave('a1')
  expect(await told()).toEqual(['b1'])
  await clock.advance(1_000)
  expect(await told()).toEqual(['c1 late'])
  expect(admission.waiting).toBe(0)
  leave('b1')
  ask('d1')
  expect(await told()).toEqual(['d1'])
})

test('leaving twice frees one place', async () => {
  const { ask, leave, told } = house()
  for (const name of ['a1', 'a2', 'a3']) ask(name)
  expect(await told()).toEqual(['a1'])
  leave('a1')
  leave('a1')
  expect(await told()).toEqual(['a2'])
})
