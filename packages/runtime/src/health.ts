import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from './clock.js'
import type { Registry } from './metrics.js'

/** Resolves true when fine; false, a rejection or 2 s of silence mean not ready. */
export type HealthCheck = () => boolean | Promise<boolean>
export type HealthServer = { port: number; close(): Promise<void> }

const checkDeadlineMs = 2_000

async function outcomeOf(check: HealthCheck, clock: Clock): Promise<string> {
  const deadline = new AbortController()
  const silence = clock.sleep(checkDeadlineMs, deadline.signal).then(() => 'no answer', () => 'no answer')
  const answer = Promise.resolve().then(check).then(fine => (fine ? 'ok' : 'not ready'), (error: unknown) => `failed: ${error instanceof Error ? error.message : String(error)}`)
  try {
    return await Promise.race([answer, silence])
  } finally {
    deadline.abort()
  }
}

async function readiness(checks: { [name: string]: HealthCheck }, clock: Clock) {
  const outcomes = await Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await outcomeOf(check, clock)] as const))
  return { ready: outcomes.every(([, outcome]) => outcome === 'ok'), checks: Object.fromEntries(outcomes) }
}

function answer(response: ServerResponse, status: number, body: string, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
}

/**
 * Serves /healthz (the event loop turns), /readyz (all checks, 503 unless each is ok) and /metrics (Prometheus).
 * Rejects when the port cannot be had. Port 0 takes a free one.
 */
export async function startHealth({ host, port, checks, registry, clock }: { host: string; port: number; checks: { [name: string]: HealthCheck }; registry: Registry; clock: Clock }): Promise<HealthServer> {
  const serve = async (path: string, response: ServerResponse) => {
    if (path === '/healthz') return answer(response, 200, '{"alive":true}')
    if (path === '/metrics') return answer(response, 200, await registry.metrics(), registry.contentType)
    if (path !== '/readyz') return answer(response, 404, '{"error":"there are /healthz, /readyz and /metrics"}')
    const state = await readiness(checks, clock)
    return answer(response, state.ready ? 200 : 503, JSON.stringify(state))
  }
  const server = createServer((request, response) => {
    serve(request.url?.split('?')[0] ?? '/', response).catch((error: unknown) => answer(response, 500, JSON.stringify({ error: String(error) })))
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}
