import { connectBus, startRelay } from '@yardmaster/bus'
import { transaction } from '@yardmaster/db'
import { readOutbox, removeFromOutbox } from '@yardmaster/db/verbs/relay-outbox'
import type { Configuration } from '@yardmaster/domain'
import { createLogger, systemClock, systemRandom } from '@yardmaster/runtime'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { rulesAccess } from '../access/rules-access.js'
import type { ActiveGeneration, Deps } from '../deps.js'
import { startHttpServer } from '../http/server.js'

export type Answer = { status: number; headers: Headers; text: string; body: { [key: string]: unknown } }

/** Without its threads: a configuration that was not bundled has no functions. */
export type TestGeneration = Omit<ActiveGeneration, 'threads'> & Partial<Pick<ActiveGeneration, 'threads'>>

const noFunctions = (): Promise<never> => Promise.reject(new Error('this configuration has no functions'))
const complete = (generation: TestGeneration): ActiveGeneration => ({ threads: { call: noFunctions, callPatiently: noFunctions }, ...generation })

export type TestApi = Installation & {
  url: string
  databaseUrl: string
  secrets: Map<string, string>
  /** All that it has logged, as JSON lines. */
  log: string[]
  /** Another replica of it, at which nothing is known but what is in the database. */
  replica(): Promise<{ url: string; close(): Promise<void> }>
  /** null: nothing is configured yet. */
  setGeneration(generation: TestGeneration | null, ...others: TestGeneration[]): void
  get(path: string, headers?: { [name: string]: string }): Promise<Answer>
  /** The rows of a collection. */
  rows(path: string): Promise<{ [field: string]: unknown }[]>
  control(path: string, method: string, params?: { [name: string]: unknown }): Promise<Answer>
}

/** ui-api on a free port, over a database and NATS of its own kind but without any other service: scheduler and engine are down. */
export async function startApi(configuration: Configuration, settings: Partial<Deps['settings']> = {}): Promise<TestApi> {
  const installation = await anInstallation(configuration)
  const { db, replicaId } = installation
  const log: string[] = []
  const [clock, random, logger] = [systemClock(), systemRandom(), createLogger({ name: 'ui-api', level: 'info', destination: { write: line => void log.push(line) } })]
  const bus = await connectBus({ url: inject('natsUrl'), installation: random.uuid(), name: 'test', logger, clock })
  const relay = startRelay({ bus, clock, logger, holdsDuty: () => Promise.resolve(true), outbox: { read: query => readOutbox(db, query), remove: ids => removeFromOutbox(db, ids) } })
  db.onCommitted = ({ wakes, told }) => {
    for (const topic of wakes) bus.wake(topic)
    if (told) relay.tell(told)
  }
  const webFolder = mkdtempSync(join(tmpdir(), 'yard-web-'))
  writeFileSync(join(webFolder, 'index.html'), '<!doctype html><base href="/" /><title>page</title>')
  const secrets = new Map<string, string>()
  let generation: ActiveGeneration | null = complete({ id: installation.generationId, configuration })
  let others: ActiveGeneration[] = []
  const [activeGeneration, activeGenerations] = [() => generation, () => (generation ? [generation, ...others] : [])]
  const deps: Deps = {
    db, events: bus, clock, random, logger, webFolder, version: '0.1.0', activeGeneration, activeGenerations, checkAnswers: true,
    access: rulesAccess({ db, activeGeneration, activeGenerations }), secrets: { get: name => secrets.get(name) }, settings: { baseUrl: 'http://127.0.0.1:8010/', config: 'yard.config.ts', trustedProxies: [], dbConnections: 10, ...settings },
  }
  const listen = () => startHttpServer(deps, { host: '127.0.0.1', port: 0 })
  const server = await listen()
  await server.hub.ready
  await transaction(db, { replicaId }, tx => tx.execute(`UPDATE replicas SET role = 'engine' WHERE id = $1`, [replicaId]))
  const url = `http://127.0.0.1:${server.port}`
  return {
    ...installation, ...clientOf(url), url, databaseUrl: installation.url, secrets, log,
    async replica() {
      const { port, close } = await listen()
      return { url: `http://127.0.0.1:${port}`, close }
    },
    setGeneration: (next, ...more) => { [generation, others] = [next && complete(next), more.map(complete)] },
    async close() {
      await server.close()
      await relay.stop()
      await bus.close()
      await installation.close()
      rmSync(webFolder, { recursive: true })
    },
  }
}

function clientOf(url: string): Pick<TestApi, 'get' | 'rows' | 'control'> {
  const ask = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, init)
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: /^[[{]/.test(text) ? JSON.parse(text) : {} }
  }
  const get: TestApi['get'] = (path, headers = { accept: 'application/json' }) => ask(path, { headers })
  return {
    get,
    async rows(path) {
      const { status, body, text } = await get(`/api/v2/${path}`)
      const rows = Object.entries(body).find(([name]) => name !== 'meta')?.[1]
      if (status !== 200 || !Array.isArray(rows)) throw new Error(`GET ${path}: ${status} ${text}`)
      return rows
    },
    control: (path, method, params = {}) => ask(`/api/v2/${path}`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }),
    }),
  }
}
