import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { manualClock, systemRandom } from '@yardmaster/runtime'
import { afterEach, expect, test } from 'vitest'
import { runCommandLine } from './program.js'

const waiting = { id: 7, builderid: 1, builder: 'b', buildsetid: 3, priority: 5, submittedAt: 1, hold: null, waitsFor: null, notBefore: null }
const answers: { [path: string]: object } = {
  '/api/yard/v1/buildrequests/7/priority': { buildrequest: waiting }, '/api/yard/v1/buildrequests/7/release': { buildrequest: waiting },
  '/api/yard/v1/buildrequests/7/cancel': { cancelled: 1, stopping: 0 }, '/api/yard/v1/buildsets/3/cancel': { cancelled: 1, stopping: 2 },
}

const servers: Server[] = []
afterEach(() => { for (const server of servers.splice(0)) server.close() })

async function run(...args: string[]) {
  const posted: { path: string; body: unknown }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => { body += chunk })
    request.on('end', () => {
      const path = request.url ?? ''
      posted.push({ path, body: JSON.parse(body) })
      response.writeHead(answers[path] ? 200 : 409, { 'content-type': 'application/json' }).end(JSON.stringify(answers[path] ?? { error: 'it has ended' }))
    })
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const [out, err]: [string[], string[]] = [[], []]
  const context = { env: {}, clock: manualClock(0), random: systemRandom(), print: (line: string) => out.push(line), warn: (line: string) => err.push(line), colours: false, onSignal: () => () => undefined }
  const code = await runCommandLine([args[0]!, '--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...args.slice(1)], context)
  return { code, posted, out, err }
}

test.each<[string[], string, object, string]>([
  [['priority', '7', '5'], 'buildrequests/7/priority', { priority: 5 }, 'build request 7 of b has priority 5'],
  [['priority', '7', '--', '-5'], 'buildrequests/7/priority', { priority: -5 }, 'build request 7 of b has priority 5'],
  [['release', '7'], 'buildrequests/7/release', {}, 'build request 7 of b may be built'],
  [['cancel', '7'], 'buildrequests/7/cancel', { reason: 'cancelled by yard' }, 'cancelled: 1 waiting, 0 being stopped'],
  [['cancel', '--buildset', '3', '--reason', 'wrong'], 'buildsets/3/cancel', { reason: 'wrong' }, 'cancelled: 1 waiting, 2 being stopped'],
])('%j', async (args, path, body, told) => {
  expect(await run(...args)).toEqual({ code: 0, posted: [{ path: `/api/yard/v1/${path}`, body }], out: [told], err: [] })
})

test('what is refused is told', async () => {
  const { code, err } = await run('cancel', '8')
  expect([code, err.join()]).toEqual([1, expect.stringContaining('it has ended')])
  expect((await run('priority', '7', 'high')).err.join()).toMatch(/expected a whole number/)
})
