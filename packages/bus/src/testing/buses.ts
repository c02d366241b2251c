import { startNats as startLocalNats, type LocalServer } from '@yardmaster/cli/local'
import { createLogger, systemClock, systemRandom } from '@yardmaster/runtime'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectBus, type Bus, type BusOptions } from '../bus.js'

export const clock = systemClock()
export const random = systemRandom()
export const quiet = createLogger({ name: 'test', level: 'silent' })

/** Buses of one test, and what ends them. */
export function busesOf(url: () => string) {
  const open: Bus[] = []
  return {
    async connect(installation: string, options: Partial<BusOptions> = {}): Promise<Bus> {
      const bus = await connectBus({ url: url(), installation, name: 'test', logger: quiet, clock, ...options })
      open.push(bus)
      return bus
    },
    async closeAll() {
      await Promise.all(open.splice(0).map(bus => bus.close()))
    },
  }
}

export type RestartableNats = { url: string; stop(): Promise<void>; start(): Promise<void>; kill(): Promise<void>; remove(): Promise<void> }

/** A NATS of one's own that keeps port and streams when it is stopped or killed and started again. */
export async function restartableNats(program: string): Promise<RestartableNats> {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-nats-'))
  const run = (preferredPort: number | null) => startLocalNats({ program, folder, preferredPort, clock, random })
  let server: LocalServer | null = await run(null)
  const { port, url } = server
  const stop = async () => {
    await server?.stop()
    server = null
  }
  return {
    url, stop,
    async start() {
      server ??= await run(port)
      if (server.port !== port) throw new Error(`another program took port ${port} meanwhile`)
    },
    async kill() {
      if (!server) return
      process.kill(server.identity.pid, 'SIGKILL')
      await server.ended
      server = null
    },
    async remove() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
