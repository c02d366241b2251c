import { connect, type Socket } from 'node:net'
import type { Clock } from '@yardmaster/runtime'

/** When a build's end was heard, epoch ms. */
export type HeardEnd = { build: number; at: number }

const END = /"key":\["builders","\d+","builds","\d+","finished"\],.*?"buildid":(\d+)/

/** Many connections that listen to live events, as lean as can be: it is the server that is measured. */
export class EventListeners {
  readonly ends: HeardEnd[] = []
  events = 0
  /** Connections that were ended by the server. */
  dropped = 0
  readonly #sockets: Socket[] = []
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when the server has said that it listens. */
  async add(url: string, patterns: readonly string[]): Promise<void> {
    const { hostname, port, host } = new URL(url)
    const query = patterns.map(path => `path=${path}`).join('&')
    const socket = connect(Number(port), hostname)
    this.#sockets.push(socket)
    socket.setEncoding('latin1')
    socket.write(`GET /sse/listen?${query} HTTP/1.1\r\nhost: ${host}\r\naccept: text/event-stream\r\n\r\n`)
    await new Promise<void>((resolve, reject) => {
      let rest = ''
      socket.on('error', reject).on('close', () => { this.dropped += 1; reject(new Error(`the server ended a stream: ${rest.slice(0, 300)}`)) })
      socket.on('data', (text: string) => {
        const blocks = `${rest}${text}`.split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) if (block.includes('event: handshake')) resolve()
        else this.#hear(block)
      })
    })
  }

  stop(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('close').destroy()
  }

  #hear(block: string): void {
    if (!block.includes('event: event')) return
    this.events += 1
    const end = END.exec(block)
    if (end) this.ends.push({ build: Number(end[1]), at: this.#clock.now() })
  }
}
