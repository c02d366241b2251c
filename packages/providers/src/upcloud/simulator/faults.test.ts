import { afterEach, describe, expect, test } from 'vitest'
import { at, serverBody, simulatedCloud, type SimulatedCloud } from '../../testing/simulator-client.js'
import type { FaultRule, SimulatorOptions } from './index.js'

let clouds: SimulatedCloud[] = []
afterEach(async () => {
  await Promise.all(clouds.map(({ simulator }) => simulator.close()))
  clouds = []
})

async function cloud(options: Partial<SimulatorOptions> = {}): Promise<SimulatedCloud> {
  const one = await simulatedCloud(options)
  clouds.push(one)
  return one
}

const second = 1000
const longestBoot = 134 * second
const longestStop = 36 * second
const onCreate = { method: 'POST', path: '^/server$' }

const titles = async ({ call }: SimulatedCloud) => (at((await call('GET', '/server')).body, 'servers.server') as { title: string }[]).map(({ title }) => title)

async function stateAfter(one: SimulatedCloud, uuid: string, ms: number): Promise<unknown> {
  await one.simulator.advance(ms)
  return (await one.server(uuid))['state']
}

describe('answers that cannot be trusted', () => {
  test('the answer is lost, and the server is there', async () => {
    const one = await cloud({ faults: [{ kind: 'lostAnswer', match: onCreate }] })
    await expect(one.call('POST', '/server', serverBody())).rejects.toThrow('fetch failed')
    expect(await titles(one)).toEqual(['one'])
    expect((await one.call('POST', '/server', serverBody({ title: 'two' }))).status).toBe(202)
  })

  test('the request is lost, and nothing is there', async () => {
    const one = await cloud({ faults: [{ kind: 'lostRequest', match: onCreate }] })
    await expect(one.call('POST', '/server', serverBody())).rejects.toThrow('fetch failed')
    expect(await titles(one)).toEqual([])
  })

  test.each([403, 500])('%i, and the server is there', async status => {
    const one = await cloud({ faults: [{ kind: 'failedAfterDone', status, match: onCreate }] })
    const answer = await one.call('POST', '/server', serverBody())
    expect([answer.status, at(answer.body, 'error.error_code')]).toEqual([status, status === 403 ? 'ACTION_FORBIDDEN' : 'SERVICE_ERROR'])
    expect(await titles(one)).toEqual(['one'])
  })

  test.each([429, 500, 503])('%i, and nothing is done', async status => {
    const one = await cloud({ faults: [{ kind: 'status', status, retryAfterSeconds: 2, match: onCreate }] })
    const answer = await one.call('POST', '/server', serverBody())
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, '2'])
    expect(await titles(one)).toEqual([])
  })

  test('lists lag: what is new is not there yet, what is deleted still is', async () => {
    const one = await cloud()
    const first = await one.create({ title: 'first' })
    await one.simulator.advance(longestBoot)
    one.simulator.addFault({ kind: 'listLag', ms: 60 * second, times: 'always', match: { method: 'GET', path: '^/(server|storage/private)/?$' } })
    const second_ = await one.create({ title: 'second' })
    expect(await titles(one)).toEqual(['first'])
    expect((await one.call('GET', `/server/${second_}`)).status).toBe(200)
    await one.simulator.advance(61 * second)
    expect(await titles(one)).toEqual(['first', 'second'])
    one.simulator.powerOff(first)
    await one.call('DELETE', `/server/${first}?storages=1`)
    expect((await one.call('GET', `/server/${first}`)).status).toBe(404)
    expect(await titles(one)).toEqual(['first', 'second'])
    expect(at((await one.call('GET', '/storage/private')).body, 'storages.storage')).toHaveLength(2)
    await one.simulator.advance(61 * second)
    expect(await titles(one)).toEqual(['second'])
    expect(at((await one.call('GET', '/storage/private')).body, 'storages.storage')).toHaveLength(1)
  })
})

describe('servers in trouble', () => {
  test.each<[string, FaultRule, [after: number, state: string][]]>([
    ['stuck in maintenance', { kind: 'stuckMaintenance', ms: 600 * second }, [[longestBoot, 'maintenance'], [600 * second, 'started']]],
    ['stuck for ever', { kind: 'stuckMaintenance' }, [[86_400 * second, 'maintenance']]],
    ['error that heals', { kind: 'errorState', ms: 60 * second }, [[25 * second, 'error'], [60 * second, 'started']]],
    ['maintenance once more', { kind: 'spuriousMaintenance', afterMs: second, ms: 5 * second }, [[23.5 * second, 'started'], [second, 'maintenance'], [5 * second, 'started']]],
    ['no power', { kind: 'powerLoss', ms: 10 * second }, [[24 * second, 'started'], [10 * second, 'stopped']]],
  ])('%s', async (_name, rule, course) => {
    const one = await cloud({ faults: [{ ...rule, match: onCreate }], bootSeconds: [23] })
    const uuid = await one.create()
    for (const [ms, state] of course) expect(await stateAfter(one, uuid, ms)).toBe(state)
  })

  test('a stop that gets stuck, and is healed by hand', async () => {
    const one = await cloud({ bootSeconds: [23] })
    const uuid = await one.create()
    await one.simulator.advance(longestBoot)
    one.simulator.addFault({ kind: 'stuckMaintenance', ms: 3600 * second, match: { path: '/stop$' } })
    await one.call('POST', `/server/${uuid}/stop`, { stop_server: { stop_type: 'hard' } })
    expect(await stateAfter(one, uuid, longestStop)).toBe('maintenance')
    expect((await one.call('DELETE', `/server/${uuid}`)).status).toBe(409)
    one.simulator.heal(uuid)
    expect(await stateAfter(one, uuid, 1)).toBe('stopped')
    expect((await one.call('DELETE', `/server/${uuid}`)).status).toBe(204)
  })

  test('no room for a plan in a zone, elsewhere there is', async () => {
    const one = await cloud({ faults: [{ kind: 'noCapacity', times: 'always', match: { ...onCreate, zone: 'de-fra1', plan: '1xCPU-1GB' } }, { kind: 'creatingLimit', match: { zone: 'nl-ams1' } }] })
    const code = async (overrides: Parameters<typeof serverBody>[0]) => {
      const { status, body } = await one.call('POST', '/server', serverBody(overrides))
      return [status, at(body, 'error.error_code')]
    }
    expect(await code({})).toEqual([409, 'SERVER_RESOURCES_UNAVAILABLE'])
    expect(await code({ plan: '1xCPU-2GB' })).toEqual([202, undefined])
    expect(await code({ zone: 'fi-hel1' })).toEqual([202, undefined])
    expect(await code({ zone: 'nl-ams1' })).toEqual([403, 'SERVER_CREATING_LIMIT_REACHED'])
    expect(await code({ zone: 'nl-ams1' })).toEqual([202, undefined])
  })
})

describe('when a fault strikes', () => {
  test('so often, after so many, or by chance that a seed repeats', async () => {
    const statuses = async (rule: FaultRule) => {
      const one = await cloud({ seed: 7, faults: [rule] })
      const seen: number[] = []
      for (let index = 0; index < 12; index++) seen.push((await one.call('GET', '/zone')).status)
      return seen
    }
    expect(await statuses({ kind: 'status', status: 503, times: 2, skip: 1 })).toEqual([200, 503, 503, ...Array.from({ length: 9 }, () => 200)])
    const byChance: FaultRule = { kind: 'status', status: 503, probability: 0.5 }
    const first = await statuses(byChance)
    expect(new Set(first)).toEqual(new Set([200, 503]))
    expect(await statuses(byChance)).toEqual(first)
  })

  test('rules come and go over HTTP, and say how often they struck', async () => {
    const { simulator, call } = await cloud()
    const control = (method: string, path: string, body?: object) => fetch(`${simulator.url}/simulator${path}`, { method, body: body && JSON.stringify(body) })
    const added = await control('POST', '/faults', { kind: 'status', status: 500, times: 'always', match: { path: '^/zone' } })
    expect(added.status).toBe(201)
    const { id }: { id: string } = JSON.parse(await added.text())
    expect((await call('GET', '/zone')).status).toBe(500)
    expect((await call('GET', '/plan')).status).toBe(200)
    expect(JSON.parse(await (await control('GET', '/faults')).text())).toMatchObject([{ rule: { id, kind: 'status' }, struck: 1, left: 'always' }])
    expect((await control('DELETE', `/faults/${id}`)).status).toBe(200)
    expect((await call('GET', '/zone')).status).toBe(200)
    const wrong = await control('POST', '/faults', { kind: 'status' })
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('status')])
    expect((await control('GET', '/nothing')).status).toBe(404)
  })
})
