import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { machineName } from '@yardmaster/domain'
import type { UpcloudSimulator } from '@yardmaster/providers/upcloud-simulator'
import type { Clock, Random } from '@yardmaster/runtime'
import { decodeEngineMessage, encode, SUBPROTOCOL, type Start } from '@yardmaster/worker-protocol'
import { WebSocket } from 'ws'

const LOOK_MS = 50
const RECONNECT_MS = 300

type Boot = { name: string; password: string; engine: string; /** Of its worker's process. */ process: string }

/**
 * For hundreds of runs a process per worker is too dear: machines boot and say so in a folder, and their workers are connections of this process, on the real wire. They
 * end with their machine. A command is a time that passes.
 */
export class StubMachines {
  readonly #folder: string
  readonly #workers = new Map<string, StubWorker>()
  #cancel = () => {}

  constructor(folder: string, readonly clock: Clock, readonly random: Random) {
    this.#folder = join(folder, 'booted')
    mkdirSync(this.#folder)
  }

  /** What a machine runs. */
  get userData(): string {
    const parts = ['name', 'password', 'engine', 'installation', 'attempt'].map(fact => `%(worker:${fact})s`).join(' ')
    return `#!/bin/sh\necho '${parts}' > '${this.#folder}/new-'$$\nmv '${this.#folder}/new-'$$ '${this.#folder}/%(worker:name)s.%(worker:attempt)s'\nexec sleep 100000\n`
  }

  follow(cloud: UpcloudSimulator): void {
    cloud.onChange(({ title, state }) => { if (state === 'stopped' || state === 'deleted') this.#end(title) })
    const look = () => {
      for (const file of readdirSync(this.#folder).filter(name => !name.startsWith('new-'))) this.#boot(join(this.#folder, file), cloud)
      this.#cancel = this.clock.setTimeout(look, LOOK_MS)
    }
    look()
  }

  close(): void {
    this.#cancel()
    for (const title of this.#workers.keys()) this.#end(title)
  }

  #boot(file: string, cloud: UpcloudSimulator): void {
    const [name, password, engine, installation, attempt] = readFileSync(file, 'utf8').trim().split(' ') as [string, string, string, string, string]
    if (existsSync(file)) rmSync(file)
    const title = machineName({ installation, worker: name, attempt: Number(attempt) })
    if (cloud.state().servers.some(server => server.title === title && server.on)) this.#workers.set(title, new StubWorker({ name, password, engine, process: this.random.uuid() }, this.clock))
  }

  #end(title: string): void {
    this.#workers.get(title)?.end()
    this.#workers.delete(title)
  }
}

class StubWorker {
  #socket: WebSocket | null = null
  #ended = false
  readonly #held = new Set<string>()

  constructor(readonly boot: Boot, readonly clock: Clock) {
    this.#connect()
  }

  end(): void {
    this.#ended = true
    this.#socket?.terminate()
  }

  #connect(): void {
    if (this.#ended) return
    const { name, password, engine, process } = this.boot
    const socket = new WebSocket(engine, SUBPROTOCOL, { headers: { Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` } })
    this.#socket = socket
    const info = { platform: 'linux', arch: 'x64', cores: 1, memoryBytes: 2 ** 30, diskFreeBytes: 2 ** 30, load1: 0, hostname: 'stub', basedir: '/stub' }
    socket.on('open', () => socket.send(encode({ type: 'hello', protocol: 1, process, version: 'stub', info, held: [...this.#held].map(command => ({ command, state: 'ended' as const, lastSeq: 1 })) })))
    socket.on('message', (data: Buffer) => this.#onMessage(data))
    socket.on('error', () => {})
    socket.on('close', () => this.clock.setTimeout(() => this.#connect(), RECONNECT_MS))
  }

  #onMessage(data: Buffer): void {
    const message = decodeEngineMessage(data)
    if (message.type === 'start') this.#start(message)
    else if (message.type === 'ping') this.#socket?.send(encode({ type: 'pong', n: message.n }))
    else if (message.type === 'ack' || message.type === 'interrupt') this.#held.delete(message.command)
    else if (message.type === 'decide') {
      for (const { command } of message.resume) this.#tellEnd(command)
      for (const command of [...message.forget, ...message.kill]) this.#held.delete(command)
    }
  }

  #start(start: Start): void {
    const seconds = Number(/sleep ([\d.]+)/.exec(JSON.stringify(start))?.[1] ?? 0)
    this.clock.setTimeout(() => {
      if (this.#ended) return
      this.#held.add(start.command)
      this.#tellEnd(start.command)
    }, seconds * 1000)
  }

  #tellEnd(command: string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encode({ type: 'ended', command, seq: 1, rc: 0, failureReason: null, elapsed: 0 }))
  }
}
