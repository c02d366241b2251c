import { afterEach, expect, inject, test } from 'vitest'
import { busesOf, random } from './testing/buses.js'

const buses = busesOf(() => inject('natsUrl'))
afterEach(() => buses.closeAll())

test('a question reaches who has that name, in the own process too; nobody of that name is known at once', async () => {
  const installation = random.uuid()
  const [one, other, stranger] = [await buses.connect(installation), await buses.connect(installation), await buses.connect(random.uuid())]
  const end = one.answer('a1', question => ['I am one', question])
  await expect.poll(() => other.ask('a1', { x: 1 })).toEqual(['I am one', { x: 1 }])
  expect(await one.ask('a1', 2)).toEqual(['I am one', 2])
  expect(await other.ask('b2', 1)).toBeNull()
  expect(await stranger.ask('a1', 1)).toBeNull()
  end()
  await expect.poll(() => other.ask('a1', 1)).toBeNull()
})

test('who fails to answer is like nobody', async () => {
  const bus = await buses.connect(random.uuid())
  bus.answer('a1', () => { throw new Error('a bug') })
  expect(await bus.ask('a1', 1)).toBeNull()
})
