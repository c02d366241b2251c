import { afterEach, expect, test } from 'vitest'
import { at, simulatedCloud, type SimulatedCloud } from '../../testing/simulator-client.js'
import { hoursOf } from './bill.js'
import type { SimulatorOptions } from './index.js'

let clouds: SimulatedCloud[] = []
afterEach(async () => {
  await Promise.all(clouds.map(({ simulator }) => simulator.close()))
  clouds = []
})

async function cloud(options: Partial<SimulatorOptions> = {}): Promise<SimulatedCloud> {
  const one = await simulatedCloud({ bootSeconds: [23], stopSeconds: [6], ...options })
  clouds.push(one)
  return one
}

const minute = 60_000
const hour = 60 * minute

async function remove({ call, simulator }: SimulatedCloud, uuid: string, query: string): Promise<void> {
  await call('POST', `/server/${uuid}/stop`, { stop_server: { stop_type: 'hard' } })
  await simulator.advance(minute)
  expect((await call('DELETE', `/server/${uuid}${query}`)).status).toBe(204)
}

test.each([
  [0, 1], [1, 1], [hour - 1, 1], [hour, 1], [hour + 1, 2], [150 * minute, 3],
])('%i ms are %i hours begun', (ms, hours) => {
  expect(hoursOf(1000, 1000 + ms, true)).toBe(hours)
  expect(hoursOf(1000, 1000 + ms, false)).toBeCloseTo(ms / hour)
})

test('a plan has its disk and its address in its price, started or stopped', async () => {
  const one = await cloud()
  const uuid = await one.create({ labels: { label: [{ key: 'worker', value: 'w1' }] } })
  await one.simulator.advance(70 * minute)
  const server = await one.server(uuid)
  expect(at(server, 'storage_devices.storage_device.0.part_of_plan')).toBe('yes')
  await remove(one, uuid, '?storages=1')
  await one.simulator.advance(5 * hour)
  const bill = one.simulator.bill()
  expect(bill).toMatchObject({ account: 'simulator', currency: 'EUR', total: 0.01488 })
  expect(bill.machines).toEqual([{ uuid, title: 'one', labels: { worker: 'w1' }, amount: 0.01488, over: true }])
})

test('what is more than the plan has is paid besides: a larger disk, another tier, a second disk', async () => {
  const disk = (size: number, tier: string) => ({ action: 'clone', storage: '01000000-0000-4000-8000-000020070100', title: 'disk', size, tier })
  const amountOf = async (devices: { [key: string]: string | number }[]) => {
    const one = await cloud()
    await one.create({ storage_devices: { storage_device: devices } })
    return one.simulator.bill().total
  }
  expect(await amountOf([disk(25, 'maxiops')])).toBeCloseTo(0.00744)
  expect(await amountOf([disk(26, 'maxiops')])).toBeCloseTo(0.00744 + 26 * 0.00031)
  expect(await amountOf([disk(10, 'hdd')])).toBeCloseTo(0.00744 + 10 * 0.000078)
  expect(await amountOf([disk(10, 'maxiops'), { action: 'create', title: 'data', size: 5, tier: 'maxiops' }])).toBeCloseTo(0.00744 + 5 * 0.00031)
})

test('a disk that was forgotten is paid for on and on, and is still told by its server', async () => {
  const one = await cloud()
  const uuid = await one.create()
  await one.simulator.advance(10 * minute)
  await remove(one, uuid, '')
  await one.simulator.advance(9.5 * hour)
  const [machine] = one.simulator.bill().machines
  expect(machine).toMatchObject({ uuid, over: false })
  expect(machine?.amount).toBeCloseTo(0.00744 + 10 * 10 * 0.00031)
  const left = one.simulator.state().storages
  expect(left).toMatchObject([{ title: 'disk', servers: [] }])
  expect((await one.call('DELETE', `/storage/${left[0]?.uuid}`)).status).toBe(204)
  expect(one.simulator.bill().machines).toMatchObject([{ over: true }])
})

test('a plan of one\'s own costs nothing while it is off, its disk and its address do', async () => {
  const one = await cloud()
  const uuid = await one.create({ plan: 'custom', core_number: 2, memory_amount: 2048 })
  await one.simulator.advance(30 * minute)
  await one.call('POST', `/server/${uuid}/stop`, { stop_server: { stop_type: 'hard' } })
  await one.simulator.advance(10 * hour)
  const amounts = one.simulator.bill().lines.map(({ kind, hours, to }) => ({ kind, hours, over: to !== null }))
  expect(amounts).toContainEqual({ kind: 'server', hours: 1, over: true })
  expect(amounts).toContainEqual({ kind: 'storage', hours: 11, over: false })
  expect(one.simulator.bill().total).toBeCloseTo(2 * 0.0112 + 8 * 0.0014 + 11 * (10 * 0.00031 + 0.00336))
})

test('seconds instead of hours, and credits that run down', async () => {
  const one = await cloud({ roundUpToHours: false, accounts: [{ username: 'simulator', password: 'simulator', credits: 10, tokens: [{ token: 'ucat_SIMULATOR' }] }] })
  await one.create()
  await one.simulator.advance(90 * minute)
  expect(one.simulator.bill().total).toBeCloseTo(0.00744 * 1.5, 4)
  expect(at((await one.call('GET', '/account')).body, 'account.credits')).toBeCloseTo(10 - 0.744 * 1.5, 2)
})

test('two accounts have two bills, which HTTP tells too', async () => {
  const accounts = ['a', 'b'].map(username => ({ username, password: username, tokens: [{ token: username === 'a' ? 'ucat_SIMULATOR' : 'ucat_B' }] }))
  const one = await cloud({ accounts })
  await one.create()
  expect(one.simulator.bill('b').total).toBe(0)
  const response = await fetch(`${one.simulator.url}/simulator/bill?account=a`)
  expect(JSON.parse(await response.text())).toMatchObject({ account: 'a', total: 0.00744 })
})
