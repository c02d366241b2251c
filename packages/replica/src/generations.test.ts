import { createLogger, systemClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, bringGeneration, type Installation } from '../../../test/kit/installation.js'
import { openGenerations } from './generations.js'

let world: Installation
beforeEach(async () => { world = await anInstallation(aConfiguration()) })
afterEach(() => world.close())

test('a generation becomes active once, whoever asks at the same time, and is there for each of them', async () => {
  const generations = await openGenerations({ db: world.db, clock: systemClock(), logger: createLogger({ name: 'test', level: 'silent' }), set: 'main' })
  expect(generations.active()?.id).toBe(world.generationId)
  const seen: number[] = []
  generations.onChange(generation => seen.push(generation.id))
  const { id } = await bringGeneration(world.db, aConfiguration({ builders: [aBuilder('other')] }), 'second')
  await Promise.all(Array.from({ length: 4 }, () => generations.refresh().then(() => expect(generations.active()?.id).toBe(id))))
  expect(seen).toEqual([id])
})

test('of many generations a few are kept; each can be had again, and the active one stays', async () => {
  const generations = await openGenerations({ db: world.db, clock: systemClock(), logger: createLogger({ name: 'test', level: 'silent' }), set: 'main' })
  const active = generations.active()
  const ids: number[] = []
  for (let n = 0; n < 12; n++) ids.push((await bringGeneration(world.db, aConfiguration(), `d${n}`)).id)
  const first = await generations.get(ids[0]!)
  expect(await generations.get(ids[0]!)).toBe(first)
  for (const id of ids) await generations.get(id)
  expect(await generations.get(ids[11]!)).toBe(await generations.get(ids[11]!))
  const again = await generations.get(ids[0]!)
  expect([again === first, again.id, generations.active() === active]).toEqual([false, ids[0], true])
  await expect(generations.get(4711)).rejects.toThrow('generation 4711 is not in the database')
})
