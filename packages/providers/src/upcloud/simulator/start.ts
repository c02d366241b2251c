import { mkdirSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import { answerRequest } from './answer-request.js'
import { takeUpload, uploads } from './api/storage-import.js'
import { ApiError } from './api-error.js'
import { billOf } from './bill.js'
import { answerControl, type SimulatorControl } from './control.js'
import { deleteServer, follow, followStorage, heal, powerOff } from './life.js'
import { makeMachines, noMachines } from './machine/machines.js'
import { makeWorld } from './make-world.js'
import type { SimulatorOptions } from './options.js'
import { seededRandom } from './seeded-random.js'
import { loadWorld, saveWorld, stateOf } from './state.js'
import { startVirtualClock } from './virtual-clock.js'
import type { Server, World } from './world.js'

export type UpcloudSimulator = SimulatorControl & {
  /** http://host:port; clients add /1.3. */
  url: string
  port: number
  /** Calls `fn` with each server that changed its state, was made or deleted. */
  onChange(fn: (server: { uuid: string; title: string; state: string }) => void): void
  /** Ends every machine, and resolves when nothing of them runs. */
  close(): Promise<void>
}

function serverOf(world: World, uuid: string): Server {
  const server = world.servers.get(uuid)
  if (!server) throw new ApiError(404, 'SERVER_NOT_FOUND', `The server ${uuid} does not exist.`)
  return server
}

function controlOf(world: World): SimulatorControl {
  const mainAccount = () => [...world.accounts.values()].find(({ username, main }) => username === main)?.username ?? ''
  return {
    now: () => world.clock.now(),
    advance: ms => world.clock.advance(ms),
    setSpeed: speed => world.clock.setSpeed(speed),
    addFault: rule => world.faults.add(rule),
    removeFaults: id => world.faults.remove(id),
    faults: () => world.faults.list(),
    setCapacity: capacity => { world.capacity = [...capacity] },
    bill: (account = mainAccount()) => billOf(world, account),
    state: () => stateOf(world),
    output: uuid => world.machines.output(uuid),
    powerOff: uuid => powerOff(world, serverOf(world, uuid)),
    heal: uuid => heal(world, serverOf(world, uuid)),
    deleteServer: (uuid, withStorages) => {
      deleteServer(world, serverOf(world, uuid), withStorages)
      world.machines.forget(uuid)
    },
  }
}

/** What was on is switched on again, and runs its user_data anew: its processes are gone with the simulator that had them. */
function resume(world: World): void {
  for (const storage of world.storages.values()) followStorage(world, storage)
  for (const server of world.servers.values()) {
    if (server.on && server.state === 'started') {
      server.timeline = [{ at: world.clock.now(), state: 'started', power: 'on' }, ...server.timeline]
      server.bootedBefore = false
    }
    follow(world, server)
  }
}

/**
 * A page in a browser of this host reaches us, too, and what it gives a server is run here: by a form with the well-known password in its address, or as a
 * host whose name it turned into ours. Browsers say where what they post comes from; no client of UpCloud's does.
 */
function refusePage({ headers: { origin } }: IncomingMessage, response: ServerResponse): boolean {
  if (origin === undefined) return false
  response.writeHead(403, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' }).end(`The simulator answers no pages (this one is of ${origin}).\n`)
  return true
}

async function listen(http: HttpServer, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => http.once('error', reject).listen(port, host, resolve))
  const address = http.address()
  if (typeof address !== 'object' || address === null) throw new Error('the simulator listens nowhere')
  return address.port
}

/** A cloud of one's own: UpCloud's API, with machines that are processes of this host. Rejects when the port is taken. */
export async function startUpcloudSimulator(options: SimulatorOptions): Promise<UpcloudSimulator> {
  mkdirSync(options.home, { recursive: true })
  const kept = options.stateFile === undefined ? null : loadWorld(options.stateFile)
  const random = options.seed === undefined ? options.random : seededRandom(options.seed)
  const clock = startVirtualClock(options.clock, { startAt: kept?.now ?? options.clock.now(), speed: options.speed ?? 1 })
  const machines = options.boot === false ? noMachines : makeMachines({
    clock: options.clock, home: options.home, isolate: options.isolate, onPowerOff: uuid => {
      const server = world.servers.get(uuid)
      if (server?.on) powerOff(world, server)
    },
  })
  const faultRandom = options.seed === undefined ? options.random : seededRandom(options.seed + 1)
  const world: World = makeWorld(options, { clock, random, faultRandom, idRandom: options.random, machines, kept: kept?.data ?? null })
  const control = controlOf(world)
  const listeners: ((server: { uuid: string; title: string; state: string }) => void)[] = []
  world.changed = server => {
    if (options.stateFile !== undefined) saveWorld(world, options.stateFile)
    const state = world.servers.has(server.uuid) ? server.state : 'deleted'
    for (const listener of listeners) listener({ uuid: server.uuid, title: server.title, state })
  }
  const http = createServer((request, response) => {
    if (refusePage(request, response)) return
    const isControl = /^\/simulator(\/|$)/.test(request.url ?? '')
    // Whoever hung up gets no answer.
    const answered = isControl ? answerControl(control, request, response) : uploads.test(request.url ?? '') ? takeUpload(world, request, response) : answerRequest(world, options.clock, request, response)
    void answered.catch(() => request.socket.destroy())
  })
  const host = options.host ?? '127.0.0.1'
  const port = await listen(http, options.port ?? 0, host)
  resume(world)
  return {
    ...control,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    onChange: fn => { listeners.push(fn) },
    close: async () => {
      if (options.stateFile !== undefined) saveWorld(world, options.stateFile)
      clock.close()
      http.closeAllConnections()
      await Promise.all([new Promise(resolve => http.close(resolve)), machines.close()])
    },
  }
}
