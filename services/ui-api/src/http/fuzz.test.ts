import fc from 'fast-check'
import { request, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { controls } from '../do/controls.js'
import type { TestApi } from '../testing/api.js'
import { startContractInstallation } from '../testing/contract-installation.js'
import { logPlaces } from './resources/places.js'
import { endpoints } from './resources/index.js'

/** The same each time, so that what fails here fails again; `YARD_FUZZ_SEED=N` and `YARD_FUZZ_RUNS=N` look further. */
const seed = Number(process.env.YARD_FUZZ_SEED ?? 20_261_123)
const numRuns = Number(process.env.YARD_FUZZ_RUNS ?? 1_000)

let api: TestApi
beforeAll(async () => { ({ api } = await startContractInstallation()) })
afterAll(() => api?.close())

type Answer = { status: number; type: string; text: string }
type Sent = { method: string; path: string; headers?: { [name: string]: string }; body?: string | Buffer }

/** As the bytes are, where fetch would mend the address first. */
function send({ method, path, headers = { accept: 'application/json' }, body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${api.url}/`, { method, path, headers, agent: false }, (response: IncomingMessage) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', text: Buffer.concat(pieces).toString() }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const broken = ['%', '%zz', '%ff%fe', '%C3', '%ed%a0%80', '%00', 'a%00b', '%0a', '%2e%2e', '%2F', '..', '.', '*', ';', '+', "'", '"', '\\', '[]', '{}', '$1', '--', ':x', '~']
const extremes = ['', '0', '-0', '-1', '1', '007', '1_0', '1.5', '1e3', 'NaN', 'null', 'None', 'true', 'OFF', '2147483648', '-2147483649', '4294967296', '9007199254740991', '9007199254740992', '9223372036854775808', '9'.repeat(400), 'x'.repeat(5_000)]
const names = [...new Set(endpoints.flatMap(({ type }) => Object.keys(type.fields)))]
const words = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...extremes) }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }).map(text => encodeURIComponent(text)) }, { weight: 1, arbitrary: fc.constantFrom(...broken) })

const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...names) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...names), fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge', 'contains', 'in', 'notin', 'nonsense', '')).map(([field, op]) => `${field}__${op}`) },
  { weight: 2, arbitrary: fc.constantFrom('limit', 'offset', 'order', 'field', 'property', '__proto__', 'constructor', 'toString__eq', '__eq', '') },
  { weight: 1, arbitrary: words })
const value = fc.oneof({ weight: 2, arbitrary: words }, { weight: 1, arbitrary: fc.constantFrom(...names, ...names.map(field => `-${field}`)) })
const query = fc.array(fc.oneof({ weight: 9, arbitrary: fc.tuple(name, value).map(pair => pair.join('=')) }, { weight: 1, arbitrary: words }), { maxLength: 5 }).map(parts => parts.join('&'))

/** Half of the variable parts name something that there is. */
const part = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('1', '2', 'b1', 'w1', 'test', 'stdio', 'coverage', 'hello', 'force') }, { weight: 1, arbitrary: words })
const filled = (path: string) => fc.array(part, { minLength: 8, maxLength: 8 }).map(parts => path.replaceAll(/:\w+/g, () => parts.shift() ?? '1'))
const readable = [...endpoints.map(({ path }) => path), ...logPlaces.flatMap(place => [`${place}/raw`, `${place}/raw_inline`]), '/builds/:buildid/data/:name/value']
const path = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...readable).chain(filled) }, { weight: 1, arbitrary: fc.array(words, { maxLength: 6 }).map(parts => `/${parts.join('/')}`) })

/** What node sends; everything else a client cannot. */
const sendable = (address: string) => address.replaceAll(/[^\x21-\x7e]/g, '')

it('no query is a failure of ours, and each refusal says why in JSON', async () => {
  await fc.assert(fc.asyncProperty(path, query, fc.constantFrom('GET', 'GET', 'GET', 'HEAD'), async (path, query, method) => {
    const { status, type, text } = await send({ method, path: sendable(`/api/v2${path}?${query}`) })
    expect(status, text).toBeLessThan(500)
    if (method === 'HEAD') expect(text).toBe('')
    else if (status >= 400) expect(JSON.parse(text), `${status} ${type}`).toEqual({ error: expect.stringMatching(/./) })
    else if (!/\/(raw|raw_inline|value)$/.test(path)) expect(JSON.parse(text)).toMatchObject({ meta: {} })
  }), { seed, numRuns })
})

const methods = ['stop', 'rebuild', 'cancel', 'set_priority', 'kill', 'pause', 'unpause', 'enable', 'force', '', '__proto__', 'constructor', 'toString', 'hasOwnProperty']
const parameters = ['reason', 'results', 'priority', 'enabled', 'builderid', 'builderNames', 'builderid[]', 'owner', 'branch', 'revision', 'project', 'repository', 'level', 'username', '__proto__', 'constructor']
const json = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom<unknown>('\0', 'a\0b', '\ud800', 1e308, -1e308, 1.5, 2 ** 31, 2 ** 53, -1, [], [[]], {}, null, true, 'x'.repeat(20_000)))
const params = fc.oneof({ weight: 5, arbitrary: fc.dictionary(fc.oneof(fc.constantFrom(...parameters), fc.string({ maxLength: 8 })), json, { maxKeys: 5 }) }, { weight: 1, arbitrary: json })
const id = fc.oneof({ weight: 3, arbitrary: fc.constant<unknown>(7) }, { weight: 1, arbitrary: json })
const call = fc.record({ jsonrpc: fc.constantFrom<unknown>('2.0', '2.0', '2.0', '1.0', 2), method: fc.oneof({ weight: 5, arbitrary: fc.constantFrom<unknown>(...methods) }, { weight: 1, arbitrary: json }), id, params }, { requiredKeys: ['method'] })
const text = fc.oneof(
  { weight: 8, arbitrary: call.map(made => JSON.stringify(made)) },
  { weight: 1, arbitrary: fc.tuple(call, fc.nat(60)).map(([made, at]) => JSON.stringify(made).slice(0, at)) },
  { weight: 1, arbitrary: fc.array(call, { maxLength: 3 }).map(made => JSON.stringify(made)) },
  { weight: 1, arbitrary: fc.constantFrom('', ' ', 'null', '"x"', '[', '{}', '1e999', '['.repeat(50_000), `{"jsonrpc":"2.0","id":7,"params":{"a":${'[' .repeat(3_000)}${']'.repeat(3_000)}},"method":"stop"}`) })
const body = fc.oneof<fc.Arbitrary<string | Buffer>[]>(text, text, text, text, fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes)))
const contentType = fc.constantFrom('application/json', 'application/json', 'application/json', 'application/json; charset=utf-8', 'application/json; charset=nonsense', 'text/plain', 'application/x-www-form-urlencoded', '')
const target = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...controls.map(controlled => controlled.path)).chain(filled) }, { weight: 1, arbitrary: path })

it('no call is a failure of ours, and each refusal is JSON-RPC\'s', async () => {
  await fc.assert(fc.asyncProperty(target, body, contentType, async (path, body, type) => {
    const { status, text } = await send({ method: 'POST', path: sendable(`/api/v2${path}`), headers: type === '' ? {} : { 'content-type': type }, body })
    expect(status === 501 || status < 500, `${status} ${text}`).toBe(true)
    const said: unknown = JSON.parse(text)
    if (status >= 400) expect(said).toMatchObject({ error: { code: expect.any(Number), message: expect.anything() } })
    else expect(said).toMatchObject({ jsonrpc: '2.0', result: expect.toSatisfy(() => true) })
  }), { seed, numRuns })
})

it('answers as before', async () => {
  expect((await api.get('/health')).status).toBe(200)
  expect((await api.rows('builders')).length).toBeGreaterThan(3)
})
