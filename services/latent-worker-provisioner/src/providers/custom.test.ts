import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration, ConfigurationThreads } from '@yardmaster/config/host'
import type { Json, MachineLabel, MachineProvider, MachineRequest } from '@yardmaster/domain'
import { conformance } from '@yardmaster/providers/conformance'
import { ApiServer, type ApiRequest } from '@yardmaster/providers/testing'
import { systemClock } from '@yardmaster/runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { customMachines } from './custom.js'

const installation = 'e0000000-0000-4000-8000-000000000001'
const { signal } = new AbortController()
type Board = { name: string; owner: { [key: string]: Json }; power: string; since: number; worker: Json; image: Json }

/** The lab of the README: boards that are reserved by name. Some go down slowly. */
function answerLike(boards: Map<string, Board>) {
  return ({ method, path, query, headers, body }: ApiRequest) => {
    if (headers.authorization !== 'Bearer right') return { status: 401, body: { message: 'who are you?' } }
    const name = path.slice('/boards/'.length)
    const board = boards.get(name)
    if (path === '/boards') return { status: 200, body: [...boards.values()].filter(({ owner }) => owner['installation'] === query.get('installation')) }
    if (method === 'PUT' && !board) {
      const { owner, image, worker } = body as Pick<Board, 'owner' | 'image' | 'worker'>
      if (image === 'full') return { status: 409, body: { message: 'no board is free' } }
      boards.set(name, { name, owner, power: 'on', since: 1, worker, image })
    }
    if (method === 'DELETE') boards.delete(name)
    const answer = boards.get(name) ?? board
    return answer ? { status: 200, body: answer } : { status: 404, body: { message: 'no such board' } }
  }
}

const folder = mkdtempSync(join(tmpdir(), 'yard-custom-'))
const clock = systemClock()
const opened: ConfigurationThreads[] = []

async function providerOf(source: string, account: { [name: string]: Json } = {}, patienceMs?: number): Promise<MachineProvider> {
  const file = join(folder, `${opened.length}.config.ts`)
  writeFileSync(file, source)
  const checked = await checkConfiguration(file, clock.setTimeout)
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  const { configuration, bundle } = checked
  const threads = new ConfigurationThreads({ bundle: bundle.code, clock, ...(patienceMs === undefined ? {} : { patienceMs }) })
  opened.push(threads)
  const { functions } = configuration.pools[0]!.provider.account
  return customMachines({ id: 1, configuration, threads }, { functions: functions as Json, account })
}

const request = (label: MachineLabel, options: { [name: string]: Json } = { image: 'debian' }): MachineRequest => ({
  label, name: `board-${label.attempt}-${label.installation.slice(-1)}`, options: { options }, zone: null, plan: null, worker: { name: label.worker, password: 'one-time-7', engines: ['ws://127.0.0.1:9'] },
})
const label = (worker: string): MachineLabel => ({ installation, worker, attempt: 1 })

afterAll(() => {
  for (const threads of opened) threads.close()
  rmSync(folder, { recursive: true, force: true })
})

describe("the README's example", () => {
  const boards = new Map<string, Board>()
  let server: ApiServer
  let example: MachineProvider
  beforeAll(async () => {
    server = await new ApiServer(answerLike(boards)).listen()
    const readme = readFileSync(join(import.meta.dirname, '../../../../packages/providers/README.md'), 'utf8')
    example = await providerOf(/```ts\n([^]*?)```/.exec(readme)?.[1] ?? '', { url: `http://127.0.0.1:${server.port}`, token: 'right' })
  })
  afterAll(() => server.close())
  const refused = [{ what: 'a lab that is full', request: (of: MachineLabel) => request(of, { image: 'full' }), failureClass: 'elsewhere' }]
  test.each(conformance({ get provider() { return example }, request, refused, installations: [installation, 'e0000000-0000-4000-8000-000000000002'], clock, withinMs: 10_000, pauseMs: 10 }))('$name', ({ run }) => run())

  test('its functions get what was rendered, and the account with its secrets', async () => {
    await example.create(request(label('w'), { image: 'arm' }), signal)
    expect([...boards.values()]).toMatchObject([{ image: 'arm', owner: label('w'), worker: { name: 'w', password: 'one-time-7' } }])
  })
})

describe('functions that do not keep to it', () => {
  const source = (functions: string) => `
    import { defineConfig, providers, workers } from '@yardmaster/config'
    const create = async () => { throw new Error('not here') }
    const functions = { version: 1, create, list: create, get: create, remove: create, ${functions} }
    export default defineConfig({ workers: [workers.pool({ name: 'p', max: 1, provider: providers.custom({ functions }) })], builders: [] })`
  let broken: MachineProvider
  beforeEach(() => { broken = undefined as unknown as MachineProvider })

  test('what they throw keeps what they said of it; without a word it may have happened', async () => {
    broken = await providerOf(source(`
      create: async () => { throw Object.assign(new Error('no room'), { failureClass: 'elsewhere', code: 'FULL', retryAfterMs: 5 }) },
      get: async () => { throw new TypeError('fetch failed') },`))
    await expect(broken.create(request(label('w')), signal)).rejects.toMatchObject({ failureClass: 'elsewhere', code: 'FULL', retryAfterMs: 5, mayHaveHappened: false, message: expect.stringMatching(/workers\.p\.provider\.functions\.create: Error: no room \(\d+\.config\.ts:\d+/) })
    await expect(broken.get('x', signal)).rejects.toMatchObject({ failureClass: 'retry', mayHaveHappened: true })
  })

  test('answers that are no machines are told, and are no absence', async () => {
    broken = await providerOf(source(`get: async () => ({ id: 'x' }), list: async () => [], create: async () => undefined, remove: async () => true,`))
    const wrong = [() => broken.get('x', signal), () => broken.list(installation, signal), () => broken.create(request(label('w')), signal), () => broken.remove({ id: 'x', label: label('w'), storages: [] }, signal)]
    for (const ask of wrong) {
      await expect(ask()).rejects.toMatchObject({ failureClass: 'configuration', code: 'ANSWER_INVALID', mayHaveHappened: true })
    }
  })

  test('one that never answers is given up, and one that waited behind it was never called', async () => {
    broken = await providerOf(source(`get: () => new Promise(() => {}), list: async () => ({ machines: [] }),`), {}, 1_500)
    const hanging = Array.from({ length: 4 }, () => broken.get('x', signal).catch((error: unknown) => error))
    const impatient = new AbortController()
    const behind = broken.create(request(label('w')), impatient.signal)
    impatient.abort(new Error('too long'))
    await expect(behind).rejects.toMatchObject({ failureClass: 'retry', mayHaveHappened: false })
    for (const outcome of await Promise.all(hanging)) expect(outcome).toMatchObject({ failureClass: 'retry', mayHaveHappened: true, message: expect.stringContaining('did not answer within 1500 ms') })
    expect(await broken.list(installation, signal)).toEqual({ machines: [], leftovers: [] })
  })

  test('a version that is not known is an error of the configuration', async () => {
    await expect(providerOf(source('version: 2,'))).rejects.toThrow('the version of the interface')
  })
})
