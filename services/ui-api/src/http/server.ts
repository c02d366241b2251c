import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openCallers } from '../access/callers.js'
import { peersOf, proxiesOf } from '../access/client-address.js'
import type { Deps } from '../deps.js'
import { Hub } from '../live/hub.js'
import { openGate } from './admit.js'
import { basePathOf, createApp } from './app.js'
import { boundConnections, serverBounds } from './bounds.js'
import { serveWebSocket } from './web-socket.js'

/** Answers under way may end; a slow reader of a large log does not hold up the stop. */
const lastAnswersMs = 2_000

export type HttpServer = { port: number; hub: Hub; close(): Promise<void> }

/** Serves the API, the live events, the change hooks and the web page. Rejects when the port cannot be had; port 0 takes a free one. */
export async function startHttpServer(deps: Deps, { host, port }: { host: string; port: number }): Promise<HttpServer> {
  const hub = new Hub(deps)
  const { baseUrl } = deps.settings
  const reach = { baseUrl, listensOn: host }
  const callers = openCallers(deps)
  const server = createServer(serverBounds)
  boundConnections(server, { isProxy: proxiesOf(deps.settings.trustedProxies) })
  const notePeer = peersOf(deps.settings.trustedProxies)
  const gate = openGate(deps)
  const app = createApp(deps, hub, { reach, callers, gate })
  server.on('upgrade', notePeer).on('request', (request, response) => {
    notePeer(request)
    if (!gate.turnAway(request, response)) app(request, response)
  })
  const closeSockets = serveWebSocket(server, deps, { hub, reach, callers, basePath: basePathOf(baseUrl) })
  // An idle connection of a balancer must not be closed by us while it sends the next request on it.
  server.keepAliveTimeout = 75_000
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  } catch (error) {
    await hub.close()
    await callers.close()
    throw new Error(`cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}; choose another with YARD_PORT or YARD_HOST`, { cause: error })
  }
  return {
    port: (server.address() as AddressInfo).port,
    hub,
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      await hub.close()
      await closeSockets()
      await callers.close()
      server.closeIdleConnections()
      const cancel = deps.clock.setTimeout(() => server.closeAllConnections(), lastAnswersMs)
      await closed
      cancel()
    },
  }
}
