import { Agent, request } from 'node:http'
import type { Clock } from '@yardmaster/runtime'

export type Forcing = {
  url: string
  /** How many builds, over the builders in turn. */
  count: number
  builders: number
  clients: number
  /** Per second; null: as fast as the answers come. */
  rate: number | null
  clock: Clock
}

/** Forces builds through REST by keep-alive clients. Answers how long each POST took, ms. */
export async function forceBuilds({ url, count, builders, clients, rate, clock }: Forcing): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const took: number[] = []
  const began = clock.monotonic()
  let next = 0
  const client = async () => {
    for (let index = next++; index < count; index = next++) {
      const due = rate === null ? 0 : began + (index * 1000) / rate - clock.monotonic()
      if (due > 0) await clock.sleep(due)
      const sent = clock.monotonic()
      await postForce(agent, url, `b${index % builders}`)
      took.push(clock.monotonic() - sent)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  agent.destroy()
  return took
}

/** Forces one build over a connection that the agent keeps; answers when REST does. */
export async function forceOne(agent: Agent, url: string, builder: string): Promise<void> {
  await postForce(agent, url, builder)
}

function postForce(agent: Agent, url: string, builder: string): Promise<string> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'force', params: { builderNames: [builder] } })
  return new Promise((resolve, reject) => {
    const post = request(new URL('api/v2/forceschedulers/force', url), { agent, method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('error', reject)
      response.on('end', () => response.statusCode === 200 ? resolve(text) : reject(new Error(`forcing ${builder} was answered ${response.statusCode}: ${text}`)))
    })
    post.on('error', reject)
    post.end(body)
  })
}
