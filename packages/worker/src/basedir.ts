import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { identify, isAlive, type ProcessIdentity } from '@yardmaster/runtime/processes'
import { OWN_FOLDER } from './command/paths.js'

/**
 * Makes the base directory and claims it for this process; the answer is the worker's own folder in it. Throws when another worker runs there: it
 * would take the other's running commands for leftovers, and kill them.
 */
export function claimBasedir(basedir: string): string {
  const own = join(basedir, OWN_FOLDER)
  mkdirSync(own, { recursive: true })
  chmodSync(own, 0o700)
  const file = join(own, 'process.json')
  const holder = readHolder(file)
  if (holder !== null && holder.pid !== process.pid && isAlive(holder)) {
    throw new Error(`another worker (pid ${holder.pid}) runs in ${basedir}: stop it, or give this one another --basedir`)
  }
  rmSync(file, { force: true })
  // Exclusive: of two that start together, one fails here.
  writeFileSync(file, JSON.stringify(identify(process.pid)), { flag: 'wx', mode: 0o600 })
  return own
}

function readHolder(file: string): ProcessIdentity | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity | null
  } catch {
    return null
  }
}
