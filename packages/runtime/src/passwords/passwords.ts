import { hashSync, truncates } from 'bcryptjs'
import { Worker } from 'node:worker_threads'

export type Question = { id: number; password: string; hash: string }
export type Verdict = { id: number; right: boolean }

export type Passwords = {
  /** Whether it is the password of this bcrypt hash. Throws PasswordsBusy when too many wait already. */
  verify(password: string, hash: string): Promise<boolean>
  close(): Promise<void>
}

/** More passwords wait to be looked at than can be before their senders have given up. */
export class PasswordsBusy extends Error {
  override name = 'PasswordsBusy'
}

/** A quarter of a second of one core, as of 2026. */
const COST = 12
const MOST_WAITING = 40

/** Of bcrypt, as htpasswd writes it. Throws RangeError for a password of which bcrypt would take the beginning alone. */
export function hashPassword(password: string): string {
  if (password === '') throw new RangeError('a password must not be empty')
  if (truncates(password)) throw new RangeError('a password has at most 72 bytes: bcrypt would ignore the rest')
  // Apache knows the same algorithm by this name only.
  return hashSync(password, COST).replace(/^\$2b\$/, '$2y$')
}

/** Nobody's: held against, so that a name which is not there takes as long as one that is. */
export const nobodysHash = (cost: number): string => `$2y$${String(cost).padStart(2, '0')}$${'.'.repeat(22)}${'.'.repeat(31)}`

/** The cost of a bcrypt hash, as its exponent; null: it is none that we look at. */
export function costOf(hash: string): number | null {
  const cost = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash)?.[1]
  // One of 31 would keep the thread for days.
  return cost !== undefined && Number(cost) >= 4 && Number(cost) <= 15 ? Number(cost) : null
}

/** Looks at passwords in a thread of their own, which begins with the first. */
export function openPasswords(): Passwords {
  let worker: Worker | null = null
  let last = 0
  const waiting = new Map<number, { resolve(right: boolean): void; reject(error: Error): void }>()
  const failAll = (error: Error) => {
    worker = null
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const begin = (): Worker => {
    const started = new Worker(new URL(import.meta.resolve('@yardmaster/runtime/passwords/thread')), { execArgv: [] })
    started.on('message', ({ id, right }: Verdict) => {
      waiting.get(id)?.resolve(right)
      waiting.delete(id)
    })
    started.on('error', failAll)
    started.unref()
    return started
  }
  return {
    verify: (password, hash) => new Promise((resolve, reject) => {
      if (waiting.size >= MOST_WAITING) return reject(new PasswordsBusy('too many people are signing in just now'))
      worker ??= begin()
      const id = ++last
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, password, hash } satisfies Question)
    }),
    async close() {
      await worker?.terminate()
      failAll(new PasswordsBusy('the process is stopping'))
    },
  }
}
