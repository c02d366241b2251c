import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { bundleName } from '../thread/messages.js'
import type { ThreadData } from '../thread/messages.js'

/** Kept from users' code, which may print what it finds: secrets are to be had by their names, so that they are masked. */
const kept = /^(DATABASE_URL|NATS_URL|REDIS_URL|PGPASSWORD|YARD_WORKER_PASSWORD|YARD_SECRET_.*)$/i

/** Of memory that a configuration may take in one thread, in its heap and outside. */
export const mostBytes = 256 * 1024 * 1024

/** Megabytes of heap at which Node ends a thread; and now and then, when it was allocating much at once, the whole process. */
const heap = 4096

export type StartOptions = { code: string; mode: ThreadData['mode']; nice?: number; current?: SharedArrayBuffer; onPrint?: (text: string) => void }

/**
 * Starts a configuration thread. What the user's code prints goes to `onPrint`, or nowhere. The bundle is loaded from a file, because
 * a data: URL would stand whole in every line of every stack.
 */
export function startThread({ code, mode, nice = 0, current = new SharedArrayBuffer(4), onPrint }: StartOptions): Worker {
  const entry = new URL(import.meta.resolve('@yardmaster/config/thread'))
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !kept.test(name)))
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-'))
  const file = join(folder, bundleName)
  writeFileSync(file, code, { mode: 0o600 })
  const workerData: ThreadData = { file, mode, nice, current, mostBytes }
  const worker = new Worker(entry, { workerData, env, stdout: true, stderr: true, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: heap } })
  worker.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const stream of [worker.stdout, worker.stderr]) stream.setEncoding('utf8').on('data', (text: string) => onPrint?.(text))
  return worker
}
