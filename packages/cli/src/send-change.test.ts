import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Json } from '@yardmaster/domain'
import { manualClock, systemRandom } from '@yardmaster/runtime'
import { expect, onTestFinished, test } from 'vitest'
import { runCommandLine } from './program.js'

type Received = { path: string; headers: IncomingHttpHeaders; body: Json }
type Answering = (response: ServerResponse) => void
const status = (code: number, words: string): Answering => response => { response.writeHead(code).end(words) }

/** A far end that answers in turn, then with the last for ever. */
async function aServer(...answers: Answering[]) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    void text(request).then(body => {
      received.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(body) })
      answers[Math.min(received.length, answers.length) - 1]?.(response)
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => { server.close() })
  await once(server, 'listening')
  const manual = manualClock()
  const printed: string[] = []
  const warned: string[] = []
  const run = (args: string[], env: NodeJS.ProcessEnv = {}) => runCommandLine(['send-change', '--url', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, ...args], {
    env, clock: { ...manual, sleep: (ms: number) => manual.advance(ms) }, random: systemRandom(), colours: false,
    print: line => { printed.push(line) }, warn: line => { warned.push(line) }, onSignal: () => () => {},
  })
  return { run, received, printed, warned }
}

function aFile(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'yard-send-change-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'file'), content)
  return join(folder, 'file')
}

test("a change is told with all of Buildbot's fields, and the secret in the header alone", async () => {
  const { run, received, printed } = await aServer(status(202, '1 change found'))
  const options = ['--who', 'Ann', '-R', '/srv/x.git', '-b', 'main', '-C', 'k', '--revision_file', aFile('4ae31b\n'), '-p', 'a:1:2', '-p', 'b=x', '-F', aFile('said\n'), '--files', 'a.c,b.c',
    '-P', 'p', '--codebase', 'cb', '-w', '2026-11-23T00:00:00Z', '-l', 'https://x', 'c d.c']
  expect(await run(options, { YARD_CHANGE_SECRET: 's:1' })).toBe(0)
  expect(printed).toEqual(['1 change found'])
  expect(received).toMatchObject([{ path: '/change_hook/base', headers: { authorization: 'Bearer s:1' }, body: {
    author: 'Ann', repository: '/srv/x.git', branch: 'main', category: 'k', revision: '4ae31b', properties: { a: '1:2', b: 'x' }, comments: 'said\n', files: ['a.c', 'b.c', 'c d.c'],
    project: 'p', codebase: 'cb', when_timestamp: Date.UTC(2026, 10, 23) / 1000, revlink: 'https://x',
  } }])
  expect(JSON.stringify(received[0]?.body)).not.toContain('s:1')
})

test('it is sent again, as the same message, when its answer was lost or the server cannot just now', async () => {
  const { run, received, warned } = await aServer(response => { response.destroy() }, status(503, 'later'), status(200, 'this delivery was accepted before'))
  expect(await run(['--who', 'Ann', '--secret-file', aFile('s\n')])).toBe(0)
  expect(new Set(received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
  expect(received).toHaveLength(3)
  expect(received[2]?.headers.authorization).toBe('Bearer s')
  expect(warned).toHaveLength(2)
})

test('what is refused is not sent again, and who is not there ends with 75', async () => {
  const refusing = await aServer(status(401, 'the secret is missing or wrong'))
  expect(await refusing.run(['--who', 'Ann'])).toBe(1)
  expect(refusing.received).toHaveLength(1)
  expect(refusing.warned.join()).toMatch(/refused the change: the secret is missing or wrong \(HTTP 401\)/)
  const away = await aServer(status(503, 'no configuration is active yet'))
  expect(await away.run(['--who', 'Ann'])).toBe(75)
  expect(await away.run(['--who', 'Ann', '-w', 'soon'])).toBe(1)
  expect(await away.run(['--who', 'Ann', '--logfile', '/nowhere'])).toBe(1)
  expect(away.warned.at(-1)).toMatch(/--logfile: cannot read \/nowhere \(ENOENT\)/)
})
