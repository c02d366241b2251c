import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { LoadOrder, LoadReport } from './load-client.js'

/** Asks at a steady rate, in a process of its own, the addresses in turns. */
export async function runLoad(order: LoadOrder): Promise<LoadReport> {
  const child = fork(fileURLToPath(new URL('load-client.js', import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const answer = once(child, 'message') as Promise<[LoadReport]>
  child.send(order)
  return (await answer)[0]
}
