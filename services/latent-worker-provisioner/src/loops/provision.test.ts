import { createLogger } from '@yardmaster/runtime'
import { expect, test } from 'vitest'
import { aConfiguration } from '../../../../test/kit/installation.js'
import { provision } from './provision.js'

test('the replica that holds the duty says once per generation that there is nothing to provide', async () => {
  const lines: { generation: number; workers: number; latent: number }[] = []
  const logger = createLogger({ name: 'test', destination: { write: line => { lines.push(JSON.parse(line)) } } })
  const state = { id: 1, held: false }
  const run = provision({ logger, active: () => ({ id: state.id, configuration: aConfiguration() }), holdsDuty: () => Promise.resolve(state.held) })
  await run()
  expect(lines).toEqual([])
  state.held = true
  await run()
  await run()
  state.id = 2
  await run()
  expect(lines.map(({ generation, workers, latent }) => ({ generation, workers, latent }))).toEqual([{ generation: 1, workers: 1, latent: 0 }, { generation: 2, workers: 1, latent: 0 }])
})
