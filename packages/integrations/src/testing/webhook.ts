import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Received = { path: string; headers: IncomingHttpHeaders; text: string; body: Record<string, unknown> }

/** What becomes of a request: answered, or taken and the connection cut (`lost`), or taken and never answered (`held`). */
export type WebhookAnswer = { status: number; headers?: { [name: string]: string }; body?: string } | 'lost' | 'held'

export type FakeWebhook = {
  url: string
  /** In the order in which they came, also those whose answer was lost or an error. */
  received: Received[]
  /** How the next ones are answered; 200 until it is said. */
  answer: (request: Received, count: number) => WebhookAnswer
  /** Refuses connections, as a server that is down. */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

/** A server that takes JSON by POST and remembers it all. */
export async function startFakeWebhook(): Promise<FakeWebhook> {
  const held = new Set<ServerResponse>()
  const fake: FakeWebhook = { url: '', received: [], answer: () => ({ status: 200 }), down, up, close }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8')
      const received = { path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) as Record<string, unknown> }
      fake.received.push(received)
      const answer = fake.answer(received, fake.received.length)
      if (answer === 'lost') return void request.socket.destroy()
      if (answer === 'held') return void held.add(response)
      response.writeHead(answer.status, answer.headers).end(answer.body)
    })
  })
  let port = 0
  async function up(): Promise<void> {
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  }
  async function down(): Promise<void> {
    const closed = new Promise(resolve => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
  async function close(): Promise<void> {
    for (const response of held) response.destroy()
    if (server.listening) await down()
  }
  await up()
  fake.url = `http://127.0.0.1:${port}/`
  return fake
}
