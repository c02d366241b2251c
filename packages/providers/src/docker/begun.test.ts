import type { MachineLabel } from '@yardmaster/domain'
import { expect, test } from 'vitest'
import { begunMachines } from './begun.js'
import type { DockerHost } from './hosts.js'

const label = (attempt: number): MachineLabel => ({ installation: 'i', worker: 'w', attempt })
const [one, other] = ['one', 'other'].map(url => ({ url, max: 2, docker: {} }) as DockerHost) as [DockerHost, DockerHost]

test('what ended after a list was asked for counts, though the list does not show it', () => {
  const begun = begunMachines()
  const end = begun.begin(one, label(1))
  const early = begun.look()
  expect(begun.places(early, [{ host: one, labels: [] }])).toEqual([{ host: one, labels: [label(1)] }])
  end()
  expect(begun.places(early, [{ host: one, labels: [] }, { host: other, labels: [label(2)] }])).toEqual([{ host: one, labels: [label(1)] }, { host: other, labels: [label(2)] }])
  // One that was asked for later shows what came of it, once.
  const late = begun.look()
  expect(begun.places(late, [{ host: other, labels: [] }])).toEqual([{ host: other, labels: [] }])
  expect(begun.places(early, [{ host: one, labels: [label(1)] }])).toEqual([{ host: one, labels: [label(1)] }])
  expect(begun.places(late, [{ host: one, labels: [] }])).toEqual([{ host: one, labels: [] }])
  expect(begun.places(early, [{ host: one, labels: [] }])).toEqual([{ host: one, labels: [] }])
})
