import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { builders } from '@yardmaster/rest'
import { manualClock } from '@yardmaster/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { connectRemote, patient } from './remote.js'

/** A far end that answers with these statuses in turn, then with the last one for ever. */
async function patientAsking(...statuses: number[]) {
  let asked = 0
  const server = createServer((_request, response) => {
    const status = statuses[Math.min(asked, statuses.length - 1)] ?? 200
    asked += 1
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(status === 200 ? { builders: [], meta: {} } : { error: 'no' }))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => { server.close() })
  await once(server, 'listening')
  const manual = manualClock()
  const warned: string[] = []
  const clock = { ...manual, sleep: (ms: number) => manual.advance(ms) }
  const remote = patient(connectRemote(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), { clock, warn: line => { warned.push(line) } })
  return { remote, warned, count: () => asked }
}

test('who is away for a moment is asked again, and that is told once', async () => {
  const { remote, warned, count } = await patientAsking(500, 503, 200)
  expect(await remote.list(builders, 'builders')).toEqual([])
  expect(count()).toBe(3)
  expect(warned).toEqual([expect.stringContaining('refused builders: no (HTTP 500); trying again')])
})

test('patience ends, and a refusal needs none', async () => {
  await expect((await patientAsking(503)).remote.list(builders, 'builders')).rejects.toThrow('HTTP 503')
  const refused = await patientAsking(404)
  await expect(refused.remote.list(builders, 'builders')).rejects.toThrow('HTTP 404')
  expect(refused.count()).toBe(1)
})
