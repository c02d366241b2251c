import { expect, it } from 'vitest'
import { gathered } from './gathered.js'

const key = (n: number) => Buffer.from([n])
const asked: number[][] = []
const load = (keys: readonly Buffer[]) => {
  asked.push(keys.map(one => one[0] ?? -1))
  return keys.some(one => one[0] === 99) ? Promise.reject(new Error('the database is away')) : Promise.resolve(new Map(keys.filter(one => one[0] !== 7).map(one => [one.toString('hex'), `row ${one[0]}`])))
}

it('asks for all that is asked in one turn by one query, for each once, and for no more than it may', async () => {
  const find = gathered(load, 3)
  expect(await Promise.all([1, 2, 1, 7, 8, 9].map(n => find(key(n))))).toEqual(['row 1', 'row 2', 'row 1', null, 'row 8', 'row 9'])
  expect(asked.splice(0)).toEqual([[1, 2, 7], [8, 9]])
  expect(await find(key(1))).toBe('row 1')
  expect(asked.splice(0)).toEqual([[1]])
})

it('a query that fails fails who asked for it, and nobody after them', async () => {
  const find = gathered(load)
  const failed = [find(key(1)), find(key(99))].map(one => one.catch(String))
  expect(await Promise.all(failed)).toEqual(Array(2).fill('Error: the database is away'))
  expect(await find(key(1))).toBe('row 1')
})
