import { expect, test, vi } from 'vitest'
import { settles } from '../../../../test/kit/until.js'
import { linesOfChunks, LogBuffer } from './log-buffer.js'

const numbered = (offset: number, limit: number): string[] => Array.from({ length: limit }, (_, at) => `line ${offset + at}`)

function logOf(total: () => number) {
  const asked: [number, number][] = []
  const buffer = new LogBuffer((offset, limit) => {
    asked.push([offset, limit])
    return Promise.resolve(numbered(offset, Math.min(limit, total() - offset)))
  })
  return { buffer, asked }
}

test('only what is looked at is fetched, once', async () => {
  const { buffer, asked } = logOf(() => 1_000_000)
  buffer.want(499_990, 500_010, 1_000_000)
  buffer.want(499_990, 500_010, 1_000_000)
  await settles(() => expect(buffer.line(500_009)).toBe('line 500009'))
  expect(buffer.line(499_990)).toBe('line 499990')
  expect(asked).toEqual([[499_500, 500], [500_000, 500]])
  expect(buffer.line(0)).toBeUndefined()
})

test('a growing log is fetched on from where it ended', async () => {
  let total = 3
  const { buffer, asked } = logOf(() => total)
  buffer.want(0, 3, 3)
  await settles(() => expect(buffer.line(2)).toBe('line 2'))
  total = 5
  buffer.want(0, 5, 5)
  await settles(() => expect(buffer.line(4)).toBe('line 4'))
  expect(asked).toEqual([[0, 3], [3, 2]])
})

test('a shorter answer than asked for is completed', async () => {
  const buffer = new LogBuffer((offset, limit) => Promise.resolve(numbered(offset, Math.min(limit, 2))))
  buffer.want(0, 5, 5)
  await settles(() => expect(buffer.line(4)).toBe('line 4'))
})

test('far away blocks are forgotten', async () => {
  const { buffer } = logOf(() => 100_000)
  for (let first = 0; first < 50_000; first += 500) {
    const arrived = new Promise<void>(resolve => buffer.subscribe(resolve))
    buffer.want(first, first + 500, 100_000)
    await arrived
    expect(buffer.line(first)).toBeDefined()
  }
  expect(buffer.line(0)).toBeUndefined()
  expect(buffer.line(49_000)).toBe('line 49000')
})

test('a failure is told and not repeated by itself; asking again heals it', async () => {
  let broken = true
  const fetchLines = vi.fn((offset: number, limit: number) => (broken ? Promise.reject(new Error('gone')) : Promise.resolve(numbered(offset, limit))))
  const buffer = new LogBuffer(fetchLines)
  buffer.want(0, 10, 10)
  await settles(() => expect(buffer.error).toEqual(new Error('gone')))
  buffer.want(0, 9, 10)
  expect(fetchLines).toHaveBeenCalledTimes(1)
  broken = false
  buffer.retry()
  await settles(() => expect(buffer.line(9)).toBe('line 9'))
  expect(buffer.error).toBeNull()
})

test('a log that has fewer lines than it counts is told, not asked for ever', async () => {
  const fetchLines = vi.fn(() => Promise.resolve([]))
  const buffer = new LogBuffer(fetchLines)
  buffer.want(0, 10, 10)
  await settles(() => expect(String(buffer.error)).toContain('no line 1'))
  expect(fetchLines).toHaveBeenCalledTimes(1)
})

test('chunks become lines from the wanted one on', () => {
  expect(linesOfChunks([{ firstline: 8, content: 'a\nb\n' }, { firstline: 10, content: 'c\n\n' }], 9)).toEqual(['b', 'c', ''])
})
