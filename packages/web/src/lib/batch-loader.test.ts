import { expect, test, vi } from 'vitest'
import { batchLoader } from './batch-loader.js'

test('what is asked for together is loaded together', async () => {
  const loadMany = vi.fn((ids: number[]) => Promise.resolve(new Map(ids.filter(id => id < 5).map(id => [id, `row ${id}`]))))
  const load = batchLoader(loadMany)
  expect(await Promise.all([load(1), load(2), load(1), load(9)])).toEqual(['row 1', 'row 2', 'row 1', null])
  expect(await load(3)).toBe('row 3')
  expect(loadMany.mock.calls).toEqual([[[1, 2, 9]], [[3]]])
})

test('a batch has a bound', async () => {
  const loadMany = vi.fn((ids: number[]) => Promise.resolve(new Map(ids.map(id => [id, id]))))
  const load = batchLoader(loadMany, 2)
  expect(await Promise.all([1, 2, 3].map(load))).toEqual([1, 2, 3])
  expect(loadMany.mock.calls).toEqual([[[1, 2]], [[3]]])
})
