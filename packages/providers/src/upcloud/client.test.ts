import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createLogger, systemClock, systemRandom } from '@yardmaster/runtime'
import { ProviderError } from '../provider-error.js'
import { UpcloudClient } from './client.js'

type Answer = { status: number; body?: unknown; text?: string; headers?: { [name: string]: string } } | 'cut'

let answers: Answer[] = []
const asked: { method: string; path: string; authorization: string | undefined }[] = []

/** Answers from the list; the last one again and again. */
const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  asked.push({ method: request.method ?? '', path: request.url ?? '', authorization: request.headers.authorization })
  const answer = answers.length > 1 ? answers.shift() : answers[0]
  request.resume().on('end', () => {
    if (answer === undefined || answer === 'cut') return request.socket.destroy()
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
    response.end(answer.text ?? (answer.body === undefined ? '' : JSON.stringify(answer.body)))
  })
})

const signal = new AbortController().signal
let client: UpcloudClient

beforeAll(() => new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve)))
afterAll(() => new Promise<void>(resolve => { server.closeAllConnections(); server.close(() => resolve()) }))
beforeEach(() => {
  asked.length = 0
  const deps = { clock: systemClock(), random: systemRandom(), logger: createLogger({ name: 'test', level: 'silent' }), home: '/nowhere' }
  client = new UpcloudClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/1.3/`, authorization: 'Bearer ucat_secret' }, deps)
})

async function failure(call: Promise<unknown>): Promise<ProviderError> {
  const error: unknown = await call.then(() => null, (reason: unknown) => reason)
  if (!(error instanceof ProviderError)) throw new Error('expected a ProviderError', { cause: error })
  return error
}

const legacy = (code: string) => ({ error: { error_code: code, error_message: 'No.' } })
const problem = { type: 'https://developers.upcloud.com/1.3/errors#ERROR_INVALID_REQUEST', title: 'Validation error.', correlation_id: 'x', status: 400, invalid_params: [{ name: 'title', reason: 'too long' }] }

const refusals: [name: string, answer: Answer, expected: object][] = [
  ['a quota', { status: 403, body: legacy('SERVER_CORE_LIMIT_REACHED') }, { failureClass: 'backoff', code: 'SERVER_CORE_LIMIT_REACHED', mayHaveHappened: false }],
  ['a quota that is not in the table', { status: 403, body: legacy('GPU_LIMIT_REACHED') }, { failureClass: 'backoff' }],
  ['no room', { status: 409, body: legacy('SERVER_RESOURCES_UNAVAILABLE') }, { failureClass: 'elsewhere', mayHaveHappened: false }],
  ['a state', { status: 409, body: legacy('SERVER_STATE_ILLEGAL') }, { failureClass: 'retry', mayHaveHappened: false }],
  ['credits', { status: 402, body: legacy('INSUFFICIENT_CREDITS') }, { failureClass: 'alert' }],
  ['rights', { status: 403, body: legacy('ACTION_FORBIDDEN') }, { failureClass: 'alert', mayHaveHappened: false }],
  ['a wrong attribute', { status: 400, body: legacy('UNKNOWN_ATTRIBUTE') }, { failureClass: 'configuration' }],
  ['a wrong attribute, in the newer form', { status: 400, body: problem }, { failureClass: 'configuration', code: 'INVALID_REQUEST', message: expect.stringContaining('Validation error.; title: too long') }],
  ['what is no JSON', { status: 502, text: '<html>Bad gateway</html>' }, { failureClass: 'retry', code: 'HTTP_502', mayHaveHappened: true }],
  ['a failure of the service', { status: 500, body: legacy('SERVICE_ERROR') }, { failureClass: 'retry', mayHaveHappened: true }],
  ['too many calls', { status: 429, headers: { 'retry-after': '1' } }, { failureClass: 'retry', mayHaveHappened: false, retryAfterMs: 1_000 }],
  ['a lost answer', 'cut', { failureClass: 'retry', mayHaveHappened: true }],
  ['half an answer', { status: 202, text: '{"server":' }, { failureClass: 'retry', mayHaveHappened: true }],
]
test.each(refusals)('%s: its class, and whether it may have happened', async (_name, answer, expected) => {
  answers = [answer]
  expect(await failure(client.post('/server', {}, signal))).toMatchObject(expected)
  // What may have happened is never done twice here.
  expect(asked).toHaveLength(1)
})

test('an error tells the correlation id, and no credentials', async () => {
  answers = [{ status: 400, body: legacy('ZONE_INVALID'), headers: { 'upcloud-cid': '01HX' } }]
  const { message } = await failure(client.post('/server', {}, signal))
  expect(message).toMatch(/^POST http:\/\/127\.0\.0\.1:\d+\/1\.3\/server was answered 400 ZONE_INVALID: No\. \(UpCloud's correlation id 01HX\)$/)
  expect(asked[0]?.authorization).toBe('Bearer ucat_secret')
})

test('reading is tried again', async () => {
  answers = ['cut', { status: 503 }, { status: 200, body: { a: 1 } }]
  expect(await client.get('/zone', signal)).toEqual({ a: 1 })
})

test('what is not there is null', async () => {
  answers = [{ status: 404, body: legacy('SERVER_NOT_FOUND') }]
  expect(await client.find('/server/x', signal)).toBeNull()
  expect(await client.delete('/server/x', signal)).toBe(false)
})

const page = (from: number, count: number) => ({ servers: { server: Array.from({ length: count }, (_, index) => ({ uuid: `s${from + index}` })) } })

test('a list is read page by page', async () => {
  answers = [{ status: 200, body: page(0, 100) }, { status: 200, body: page(100, 100) }, { status: 200, body: page(200, 3) }]
  expect(await client.list('/server/?label=a', ['servers', 'server'], signal)).toHaveLength(203)
  expect(asked.map(({ path }) => path)).toEqual(['/1.3/server/?label=a', ...[100, 200].map(offset => `/1.3/server/?label=a&limit=100&offset=${offset}`)])
})

test('a list says how long it is', async () => {
  answers = [{ status: 200, body: page(0, 70), headers: { 'upcloud-total-count': '90' } }, { status: 200, body: page(70, 20), headers: { 'upcloud-total-count': '90' } }]
  expect(await client.list('/storage/private', ['servers', 'server'], signal)).toHaveLength(90)
  expect(asked.map(({ path }) => path)).toEqual(['/1.3/storage/private', '/1.3/storage/private?limit=100&offset=70'])
})

test('an API that does not page is asked once, or once more', async () => {
  answers = [{ status: 200, body: page(0, 250) }]
  expect(await client.list('/server', ['servers', 'server'], signal)).toHaveLength(250)
  answers = [{ status: 200, body: page(0, 100) }]
  expect(await client.list('/server', ['servers', 'server'], signal)).toHaveLength(100)
  expect(asked).toHaveLength(3)
})

test('after the API asked for a pause nobody calls before it is over', async () => {
  answers = [{ status: 429, headers: { 'retry-after': '0.4' } }, { status: 200, body: {} }]
  await failure(client.post('/server', {}, signal))
  const begun = performance.now()
  await client.post('/server', {}, signal)
  expect(performance.now() - begun).toBeGreaterThan(380)
})

test('a call whose caller gives up ends with it', async () => {
  answers = [{ status: 200, body: {} }]
  const caller = new AbortController()
  const slow = failure(client.post('/server', {}, caller.signal))
  caller.abort(new Error('enough'))
  expect(await slow).toMatchObject({ mayHaveHappened: true })
})
