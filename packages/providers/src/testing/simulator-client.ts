import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json } from '@yardmaster/domain'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { startUpcloudSimulator, type SimulatorOptions, type UpcloudSimulator } from '../upcloud/simulator/index.js'

type JsonObject = { [key: string]: Json }
export type Reply = { status: number; headers: Headers; text: string; body: JsonObject }

export const debian12 = '01000000-0000-4000-8000-000020070100'
export const debian11 = '01000000-0000-4000-8000-000020060100'

export type SimulatedCloud = {
  simulator: UpcloudSimulator
  /** One request to /1.3 with the account's token, unless `authorization` says otherwise (null: none). */
  call(method: string, path: string, body?: Json, authorization?: string | null): Promise<Reply>
  /** Makes a server, and answers its uuid. Throws when it is refused. */
  create(overrides?: JsonObject): Promise<string>
  server(uuid: string): Promise<JsonObject>
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is at a path such as 'server.storage_devices.storage_device.0.storage'. */
export function at(value: Json | undefined, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((inner, key) => (Array.isArray(inner) ? inner[Number(key)] : isObject(inner) ? inner[key] : undefined), value)
}

export const serverBody = (overrides: JsonObject = {}): JsonObject => ({
  server: {
    zone: 'de-fra1', title: 'one', hostname: 'one.example.com', plan: '1xCPU-1GB', metadata: 'yes',
    storage_devices: { storage_device: [{ action: 'clone', storage: debian12, title: 'disk', size: 10, tier: 'maxiops' }] }, ...overrides,
  },
})

/** A simulator of its own, with the system's clock; its time also passes by `advance`. */
export async function simulatedCloud(options: Partial<SimulatorOptions> = {}): Promise<SimulatedCloud> {
  const simulator = await startUpcloudSimulator({ clock: systemClock(), random: systemRandom(), home: mkdtempSync(join(tmpdir(), 'upcloud-simulator-')), seed: 1, boot: false, ...options })
  const cloud: SimulatedCloud = {
    simulator,
    call: async (method, path, body, authorization = 'Bearer ucat_SIMULATOR') => {
      const headers = { 'Content-Type': 'application/json', ...(authorization === null ? {} : { Authorization: authorization }) }
      const response = await fetch(`${simulator.url}/1.3${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
      const text = await response.text()
      const parsed: Json = text === '' ? {} : JSON.parse(text)
      return { status: response.status, headers: response.headers, text, body: isObject(parsed) ? parsed : { list: parsed } }
    },
    create: async overrides => {
      const { status, body, text } = await cloud.call('POST', '/server', serverBody(overrides))
      const uuid = at(body, 'server.uuid')
      if (status !== 202 || typeof uuid !== 'string') throw new Error(`the server was refused: ${status} ${text}`)
      return uuid
    },
    server: async uuid => {
      const server = (await cloud.call('GET', `/server/${uuid}`)).body['server']
      return isObject(server) ? server : {}
    },
  }
  return cloud
}
