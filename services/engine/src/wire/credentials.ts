import { createHash, timingSafeEqual } from 'node:crypto'
import type { Configuration, WorkerConfig } from '@yardmaster/domain'
import type { Secrets } from '@yardmaster/runtime'

export type Credentials = { name: string; password: string }

/** `Authorization: Basic base64(name:password)`; null when it is not of that form. */
export function parseBasic(header: string | undefined): Credentials | null {
  const encoded = /^Basic ([A-Za-z0-9+/]+=*)$/.exec(header ?? '')?.[1]
  if (encoded === undefined) return null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon <= 0 ? null : { name: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** The worker of that name and password in the configuration, or null. Takes as long for an unknown name as for a wrong password. */
export function authenticate(configuration: Configuration, secrets: Secrets, { name, password }: Credentials): WorkerConfig | null {
  const worker = configuration.workers.find(candidate => candidate.name === name)
  const expected = worker?.password && (typeof worker.password === 'string' ? worker.password : secrets.get(worker.password.$secret))
  const equal = timingSafeEqual(digest(password), digest(expected || ''))
  // A secret that is not set lets nobody in.
  return worker && expected && equal ? worker : null
}

export function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
