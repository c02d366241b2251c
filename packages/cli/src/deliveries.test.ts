import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Delivery } from '@yardmaster/rest'
import { manualClock, systemRandom } from '@yardmaster/runtime'
import { afterEach, expect, test } from 'vitest'
import { runCommandLine } from './program.js'

const now = 1_000_000
const delivery: Delivery = {
  id: 7, hook: 'github', key: 'd7', event: 'push', repository: 'o/hello', receivedAt: now - 90, state: 'done', attempts: 0, nextAt: null, doneAt: now - 90, note: '2 change found', error: null, set: 'main', changes: [1, 2],
}
const failed: Delivery = { ...delivery, id: 8, event: 'issue_comment', state: 'failed', attempts: 6, note: '', error: 'the tracker is away\nat line 3', changes: [] }

const servers: Server[] = []
afterEach(() => { for (const server of servers.splice(0)) server.close() })

async function yardmaster(answers: { [path: string]: object }) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(`${request.method} ${path}`)
    response.writeHead(answers[path] ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answers[path] ?? { error: `no ${path}` }))
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const [out, err]: [string[], string[]] = [[], []]
  const context = { env: {}, clock: manualClock(now * 1000), random: systemRandom(), print: (line: string) => out.push(line), warn: (line: string) => err.push(line), colours: false, onSignal: () => () => undefined }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { asked, out, err, run: (...args: string[]) => runCommandLine([...args, '--url', url], context) }
}

test('deliveries are listed with what came of them', async () => {
  const { asked, out, run } = await yardmaster({ '/api/yard/v1/deliveries?limit=30&hook=github&state=done&state=failed': { deliveries: [failed, delivery], next: null } })
  expect(await run('deliveries', '--hook', 'github', '--state', 'done', 'failed')).toBe(0)
  expect(asked).toHaveLength(1)
  const lines = out.join('\n').split('\n')
  expect(lines[1]).toMatch(/^8 +github +issue_comment +o\/hello +1 min 30 s +failed +attempt 6: the tracker is away$/)
  expect(lines[2]).toMatch(/^7 +github +push +o\/hello +1 min 30 s +done +2 changes$/)
})

test('one is told with what was sent, and is worked on again; --url may come last', async () => {
  const details = { delivery: { ...delivery, payload: { ref: 'refs/heads/main' } } }
  const { asked, out, err, run } = await yardmaster({ '/api/yard/v1/deliveries/7': details, '/api/yard/v1/deliveries/7/redeliver': details })
  expect(await run('deliveries', 'show', '7')).toBe(0)
  expect(JSON.parse(out.join('\n'))).toEqual(details.delivery)
  expect(await run('deliveries', 'redeliver', '7')).toBe(0)
  expect(asked).toEqual(['GET /api/yard/v1/deliveries/7', 'POST /api/yard/v1/deliveries/7/redeliver'])
  expect(await run('deliveries', 'redeliver', '9')).toBe(1)
  expect(err.join('\n')).toMatch(/refused/)
})
